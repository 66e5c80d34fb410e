import type { PackumentDocument, VersionManifest } from './npm-source.ts'

/** Media type of the representation that clients install from. */
export const SHORT_MEDIA_TYPE = 'application/vnd.npm.install-v1+json'

/** Fields of a version that an install needs (npm/registry docs, "package metadata", abbreviated). */
const KEPT_FIELDS: readonly string[] = [
  ...['name', 'version', 'deprecated', 'dependencies', 'optionalDependencies', 'devDependencies'],
  ...['bundleDependencies', 'bundledDependencies', 'peerDependencies', 'peerDependenciesMeta', 'acceptDependencies'],
  ...['bin', 'directories', 'dist', 'engines', 'cpu', 'os', 'libc', 'funding', '_hasShrinkwrap', 'hasInstallScript'],
]
/** Scripts that npm runs when the package is installed. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall']

/** The install-v1 representation of a packument. */
export function shortPackumentOf(document: PackumentDocument): object {
  const { name, time, modified, 'dist-tags': tags, versions, policyRestrictions } = document
  const changed = time !== undefined && Object.hasOwn(time, 'modified') ? time.modified : modified
  const shortened = Object.entries(versions).map(([version, manifest]) => [version, shortManifestOf(manifest)] as const)
  return {
    name,
    ...(typeof changed === 'string' ? { modified: changed } : {}),
    'dist-tags': tags,
    versions: Object.fromEntries(shortened),
    ...(policyRestrictions === undefined ? {} : { policyRestrictions }),
  }
}

function shortManifestOf(manifest: VersionManifest): object {
  const kept = KEPT_FIELDS.filter(field => Object.hasOwn(manifest, field)).map(field => [field, manifest[field]])
  const short: Record<string, unknown> = Object.fromEntries(kept)
  if (short.hasInstallScript === undefined && runsScripts(manifest)) short.hasInstallScript = true
  return short
}

function runsScripts({ scripts, gypfile }: VersionManifest): boolean {
  if (gypfile === true) return true
  if (typeof scripts !== 'object' || scripts === null) return false
  return INSTALL_SCRIPTS.some(name => Object.hasOwn(scripts, name))
}
