export { SharedNpmSource } from './shared-npm-source.ts'
export { Sharing, type SharingParts } from './sharing.ts'
