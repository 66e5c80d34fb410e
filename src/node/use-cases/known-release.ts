import {
  type FeedId,
  type PackageState,
  type RecordId,
  type ReleaseState,
  type Sha256,
  splitReleaseName,
  type Visibility,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { FeedChoice } from '../library/own-feeds.ts'
import type { NodeContext } from '../node-context.ts'
import type { StoredArtifact } from '../storage/index.ts'
import type { Draft } from './publish-draft.ts'

/** A record that released something before. */
export interface KnownRelease {
  readonly visibility: Visibility
  readonly record: RecordId
}

interface NamingRecord extends KnownRelease {
  readonly feed: FeedId
}

/** The record that released exactly this as openly before, or null. @throws NodeError E_VERSION_EXISTS for other bytes. */
export async function knownRelease(
  node: NodeContext,
  draft: Draft,
  { sha256 }: StoredArtifact,
  wanted: FeedChoice,
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
  if (open !== undefined || wanted === 'public') return open ?? null
  const feed = node.writer.own.feedOf(wanted)
  return records.find(record => record.feed === feed) ?? (wanted === 'private' ? (records[0] ?? null) : null)
}

/** The records that release these bytes; there is no way back from a public one. */
async function recordsNaming(node: NodeContext, { records }: ReleaseState, sha256: Sha256): Promise<NamingRecord[]> {
  const naming: NamingRecord[] = []
  for (const id of records) {
    const record = await node.library.records.record(id)
    if (record === null) continue
    const body = node.parseStored(record.envelope).understood
    const isNamed =
      body?.typ === 'ops' &&
      body.ops.some(op => op.op === 'release' && op.artifacts.some(artifact => artifact.sha256 === sha256))
    if (isNamed) naming.push({ record: id, feed: record.feed, visibility: node.library.access.visibilityOf(record) })
  }
  return naming
}
