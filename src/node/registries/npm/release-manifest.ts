import { clean } from 'semver'
import type { Artifact, ReleaseState } from '../../../protocol/index.ts'
import { tarballFileOf } from './npm-operation.ts'
import type { VersionDist, VersionManifest } from './npm-source.ts'

/** What this registry says itself, whatever a package.json says of it; a readme would be sent with every install. */
const OWN_FIELDS = new Set(['dist', 'deprecated', 'readme', 'readmeFilename', 'hasInstallScript'])

/** The tarball of an npm release, or null for a release of another shape. */
export function tarballArtifactOf(release: ReleaseState): Artifact | null {
  return release.artifacts.find(({ artifact }) => artifact.name.endsWith('.tgz'))?.artifact ?? null
}

/** A version as npm's registry would list it; `packageJson` null: its manifest is not here, so the summary has to do. */
export function releaseManifestOf(
  name: string,
  release: ReleaseState,
  artifact: Artifact,
  packageJson: Uint8Array | null,
): VersionManifest {
  const { version, deprecated, summary } = release
  const written = packageJson === null ? null : parsePackageJson(packageJson, name, version)
  const fields = written === null ? summaryFieldsOf(release) : fieldsOf(written)
  return {
    ...fields,
    name,
    version,
    _id: `${name}@${version}`,
    ...(deprecated === null ? {} : { deprecated }),
    ...(summary.scripts === true ? { hasInstallScript: true } : {}),
    dist: distOf(name, version, artifact),
  }
}

function distOf(name: string, version: string, artifact: Artifact): VersionDist {
  const sha512 = artifact.integrity?.find(each => each.startsWith('sha512-'))
  const sha1 = artifact.integrity?.find(each => each.startsWith('sha1-'))
  return {
    tarball: tarballFileOf(name, version),
    integrity: sha512 ?? `sha256-${Buffer.from(artifact.sha256, 'hex').toString('base64')}`,
    ...(sha1 === undefined ? {} : { shasum: Buffer.from(sha1.slice('sha1-'.length), 'base64').toString('hex') }),
  }
}

/** A publisher's package.json is used only if it is one, and of this version. */
function parsePackageJson(bytes: Uint8Array, name: string, version: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    const { name: ownName, version: ownVersion } = value as Record<string, unknown>
    const isOfIt = ownName === name && typeof ownVersion === 'string' && clean(ownVersion, { loose: true }) === version
    return isOfIt ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function fieldsOf(manifest: Record<string, unknown>): Record<string, unknown> {
  // Underscores mark what registries and clients tell each other, such as `_resolved`.
  const kept = Object.entries(manifest).filter(([field]) => !OWN_FIELDS.has(field) && !field.startsWith('_'))
  const fields: Record<string, unknown> = Object.fromEntries(kept)
  // npm writes the one command of a package as text; its registry lists it under the package's name.
  if (typeof fields.bin === 'string') fields.bin = { [String(fields.name).split('/').at(-1) ?? '']: fields.bin }
  return fields
}

const FIELD_OF_KIND: Readonly<Record<string, string>> = {
  runtime: 'dependencies',
  optional: 'optionalDependencies',
  peer: 'peerDependencies',
}

function summaryFieldsOf({ summary }: ReleaseState): Record<string, unknown> {
  const fields = new Map<string, [string, string][]>()
  for (const [name, range, kind] of summary.dependencies ?? []) {
    const field = Object.hasOwn(FIELD_OF_KIND, kind) ? FIELD_OF_KIND[kind] : undefined
    if (field !== undefined) fields.set(field, [...(fields.get(field) ?? []), [name, range]])
  }
  return {
    ...(summary.description === undefined ? {} : { description: summary.description }),
    ...(summary.keywords === undefined ? {} : { keywords: summary.keywords }),
    ...(summary.license === undefined ? {} : { license: summary.license }),
    ...Object.fromEntries([...fields].map(([field, entries]) => [field, Object.fromEntries(entries)])),
  }
}
