export { NPM_PREFIX, npmRegistry } from './npm-registry.ts'
export type { NpmPackument, NpmSource, NpmTarball, PackumentDocument, VersionManifest } from './npm-source.ts'
export { takeOverState } from './take-over.ts'
