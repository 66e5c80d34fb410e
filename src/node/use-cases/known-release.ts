import {
  type PackageState,
  type RecordId,
  type ReleaseState,
  type Sha256,
  splitReleaseName,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { FeedVisibility } from '../library/writer.ts'
import type { NodeContext } from '../node-context.ts'
import type { StoredArtifact } from '../storage/index.ts'
import type { Draft } from './publish-draft.ts'

/** A record that released something before. */
export interface KnownRelease {
  readonly visibility: FeedVisibility
  readonly record: RecordId
}

/** The record that released exactly this as openly before, or null. @throws NodeError E_VERSION_EXISTS for other bytes. */
export async function knownRelease(
  node: NodeContext,
  draft: Draft,
  { sha256 }: StoredArtifact,
  wanted: FeedVisibility,
): Promise<KnownRelease | null> {
  const { package: name, version } = splitReleaseName(draft.purl)
  const state: PackageState | null = node.library.package(node.writer.publisher, name)
  const release = version === null ? undefined : state?.releases.get(version)
  if (release === undefined) return null
  const same = release.artifacts.filter(({ artifact }) => artifact.name === draft.fileName)
  if (same.some(({ artifact }) => artifact.sha256 !== sha256)) {
    throw new NodeError('E_VERSION_EXISTS', `${draft.purl} is released already, with other bytes`, {
      hint: 'publish a new version; a release never changes',
    })
  }
  if (same.length === 0) return null
  const records = await recordsNaming(node, release, sha256)
  const open = records.find(({ visibility }) => visibility === 'public')
  return open ?? (wanted === 'public' ? null : (records[0] ?? null))
}

/** The records that release these bytes; there is no way back from a public one. */
async function recordsNaming(node: NodeContext, { records }: ReleaseState, sha256: Sha256): Promise<KnownRelease[]> {
  const naming: KnownRelease[] = []
  for (const id of records) {
    const record = await node.library.records.record(id)
    if (record === null) continue
    const body = node.parseStored(record.envelope).understood
    const isNamed =
      body?.typ === 'ops' &&
      body.ops.some(op => op.op === 'release' && op.artifacts.some(artifact => artifact.sha256 === sha256))
    if (isNamed) naming.push({ record: id, visibility: node.library.access.isPublic(record) ? 'public' : 'private' })
  }
  return naming
}
