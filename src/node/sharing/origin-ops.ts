import semver from 'semver'
import { type Artifact, type OriginOp, type PackageName, releaseNameOf, type Sha256 } from '../../protocol/index.ts'
import { tarballFileOf } from '../registries/npm/npm-operation.ts'
import { npmPackageOf } from '../registries/npm/npm-package.ts'
import type { PackumentDocument, VersionManifest } from '../registries/npm/npm-source.ts'
import type { ArtifactStore, StoredArtifact } from '../storage/index.ts'
import type { KeptPackument } from '../upstream/npm/kept-packument.ts'
import { statedDigestOf } from './digest-text.ts'
import { MAX_SIBLINGS } from './limits.ts'
import { MANIFEST_FILE } from './origin-statements.ts'
import type { PulledTarball } from './pulled-tarballs.ts'
import { encodeVersionDocument } from './version-document.ts'

export interface OriginOpsParts {
  readonly artifacts: Pick<ArtifactStore, 'stat' | 'addPulled'>
  /** Told of bytes that were kept beside the upstream's. */
  readonly kept: (stored: StoredArtifact) => Promise<void>
  /** The upstream's document as it is kept here. */
  readonly document: (name: string) => Promise<KeptPackument | null>
  /** Whether a name still comes from this upstream: one that does not is none of its business, nor of anybody else's. */
  readonly isRouted: (name: PackageName) => boolean
  /** Whether this node stated it already, with these bytes; null: its manifest alone. */
  readonly isStated: (name: PackageName, version: string, sha256: Sha256 | null) => boolean
  /** What origin records call the upstream. */
  readonly upstream: string
}

/**
 * What to state of a pulled version: its bytes; the upstream's manifest of it; and the manifests of the optional packages that the
 * manifest names, as far as they are known here, because clients read those of all platforms and fetch the bytes of one.
 */
export async function originOpsOf(parts: OriginOpsParts, pulled: PulledTarball): Promise<readonly OriginOp[]> {
  const purl = npmPackageOf(pulled.name)
  if (purl === null || !parts.isRouted(purl) || parts.isStated(purl, pulled.version, pulled.sha256)) return []
  const kept = await parts.document(pulled.name)
  // The document may have changed since: only what it means now is the upstream's word.
  if (kept?.facts.seen.get(pulled.version)?.mark !== pulled.mark) return []
  const stored = await parts.artifacts.stat(pulled.sha256)
  const { document } = kept
  const manifest = document.versions[pulled.version]
  if (stored === null || manifest === undefined) return []
  const name = tarballFileOf(pulled.name, pulled.version)
  const bytes = opOf(parts, purl, document, manifest, { name, ...stored })
  if (bytes === null) return []
  const own = await manifestOpOf(parts, purl, document, manifest)
  return [bytes, ...(own === null ? [] : [own]), ...(await siblingOpsOf(parts, manifest))]
}

async function siblingOpsOf(parts: OriginOpsParts, manifest: VersionManifest): Promise<OriginOp[]> {
  const ops: OriginOp[] = []
  for (const [name, range] of optionalOf(manifest).slice(0, MAX_SIBLINGS)) {
    const purl = npmPackageOf(name)
    const kept = purl === null || !parts.isRouted(purl) ? null : await parts.document(name)
    const version = kept === null ? null : semver.maxSatisfying([...kept.facts.seen.keys()], range, LOOSE)
    if (purl === null || kept === null || version === null || parts.isStated(purl, version, null)) continue
    const { document } = kept
    const sibling = document.versions[version]
    const op = sibling === undefined ? null : await manifestOpOf(parts, purl, document, sibling)
    if (op !== null) ops.push(op)
  }
  return ops
}

const LOOSE = { loose: true }

function optionalOf({ optionalDependencies: named }: VersionManifest): [string, string][] {
  if (typeof named !== 'object' || named === null) return []
  return Object.entries(named).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
}

/** The manifest becomes an artifact of its own, which peers get as they get any. */
async function manifestOpOf(
  parts: OriginOpsParts,
  purl: PackageName,
  document: PackumentDocument,
  manifest: VersionManifest,
): Promise<OriginOp | null> {
  const bytes = encodeVersionDocument(document, manifest)
  if (bytes === null) return null
  const stored = await parts.artifacts.addPulled(
    (async function* () {
      yield bytes
    })(),
  )
  await parts.kept(stored)
  return opOf(parts, purl, document, manifest, { name: MANIFEST_FILE, ...stored })
}

/** null for what no record can carry. */
function opOf(
  { upstream }: OriginOpsParts,
  purl: PackageName,
  { time: times }: PackumentDocument,
  { version, dist }: VersionManifest,
  { name, cid, size, sha256 }: Artifact,
): OriginOp | null {
  const release = releaseNameOf(purl, version)
  const digest = statedDigestOf(dist)
  if (release === null || digest === null) return null
  const claimed = times !== undefined && Object.hasOwn(times, version) ? Date.parse(times[version] ?? '') : Number.NaN
  const time = Number.isSafeInteger(claimed) && claimed >= 0 ? claimed : null
  return { op: 'origin', purl: release, upstream, digest, time, artifact: { name, cid, size, sha256 } }
}
