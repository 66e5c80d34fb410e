import type { FeedId, RecordId, ReleaseState } from '../../protocol/index.ts'
import type { FeedChoice } from '../library/own-feeds.ts'
import type { NodeContext } from '../node-context.ts'

type Node = Pick<NodeContext, 'library' | 'writer'>

/**
 * The feeds into which a word about an own release goes, so that all who may know the release hear it and nobody else does: the public
 * one, which everyone is given; else those of its audiences; else the private one. Feeds that a restored node writes no more are left out.
 */
export async function feedsOfRelease(node: Node, { records }: Pick<ReleaseState, 'records'>): Promise<FeedChoice[]> {
  return choicesOf(node, await feedsOf(node, records))
}

/** As `feedsOfRelease`, of feeds that say something already. */
export function choicesOf({ library, writer: { own, publisher } }: Node, feeds: readonly FeedId[]): FeedChoice[] {
  if (feeds.some(feed => library.access.isPublic({ publisher, feed }))) return ['public']
  const audiences = [...new Set(feeds)].map(feed => own.choiceOf(feed)).filter(choice => typeof choice === 'object')
  const listed = audiences.filter(choice => choice !== null)
  return listed.length > 0 ? listed : ['private']
}

async function feedsOf({ library }: Node, records: readonly RecordId[]): Promise<FeedId[]> {
  const found = await Promise.all(records.map(id => library.records.record(id)))
  return found.flatMap(record => (record === null ? [] : [record.feed]))
}
