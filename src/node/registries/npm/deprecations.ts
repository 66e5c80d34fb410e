import {
  type DeprecateOp,
  type FeedId,
  type OpAddress,
  type PackageName,
  type ReleaseName,
  type ReleaseState,
  releaseNameOf,
} from '../../../protocol/index.ts'
import type { FeedChoice } from '../../library/own-feeds.ts'
import type { NodeContext } from '../../node-context.ts'
import { choicesOf, feedsOfRelease } from '../../use-cases/feeds-of-release.ts'
import type { PublishDocument } from './publish-body.ts'

export type DeprecationParts = Pick<NodeContext, 'library' | 'writer' | 'parseStored'>

interface Change {
  readonly release: ReleaseName
  readonly state: ReleaseState
  /** Empty: deprecated no more. */
  readonly reason: string
}

/** Makes the deprecations of an own package those of npm's document; versions it does not name stay as they are. */
export async function applyDeprecations(
  node: DeprecationParts,
  name: PackageName,
  versions: PublishDocument['versions'],
): Promise<number> {
  const changes = changesOf(node, name, versions)
  for (const { release, reason, state } of changes.filter(({ reason }) => reason !== '')) {
    for (const choice of await feedsOfRelease(node, state))
      await node.writer.write(choice, [{ op: 'deprecate', target: { purl: release, reason } }])
  }
  const taken = changes.filter(({ reason }) => reason === '').map(({ release }) => release)
  if (taken.length > 0) await undo(node, new Set(taken))
  return changes.length
}

function changesOf(node: DeprecationParts, name: PackageName, versions: PublishDocument['versions']): Change[] {
  const releases = node.library.package(node.writer.publisher, name)?.releases
  return Object.entries(versions).flatMap(([version, { deprecated }]) => {
    const state = releases?.get(version)
    const release = releaseNameOf(name, version)
    if (state === undefined || release === null) return []
    const reason = typeof deprecated === 'string' ? deprecated.normalize('NFC') : ''
    return reason === (state.deprecated ?? '') ? [] : [{ release, state, reason }]
  })
}

/** Undoes every deprecation of these releases, each in the feed that has it. */
async function undo(node: DeprecationParts, releases: ReadonlySet<ReleaseName>): Promise<void> {
  const found = new Map<FeedId, { readonly choice: FeedChoice; readonly addresses: OpAddress[] }>()
  for await (const { id, feed, envelope } of node.library.records.records(node.writer.publisher)) {
    const body = node.parseStored(envelope).understood
    if (body?.typ !== 'ops') continue
    for (const [index, op] of body.ops.entries()) {
      if (op.op !== 'deprecate' || !('purl' in op.target)) continue
      if (!releases.has(op.target.purl as ReleaseName)) continue
      const choice = node.writer.own.choiceOf(feed) ?? choicesOf(node, [feed])[0]!
      const own = node.writer.own.feedOf(choice)
      const { addresses } = found.get(own) ?? { addresses: [] }
      found.set(own, { choice, addresses: [...addresses, [id, index]] })
    }
  }
  for (const { choice, addresses } of found.values()) {
    const ops: DeprecateOp[] = addresses.map(address => ({ op: 'deprecate', target: { undo: [address] } }))
    await node.writer.write(choice, ops)
  }
}
