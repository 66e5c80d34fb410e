import type { FeedId, PackageName, PublisherId } from '../ids.ts'
import { ROOT_FEED } from '../ids.ts'
import type { WellFormedRecord } from '../record.ts'
import type { FeedState, PackageState, PublisherCatalogue } from './catalogue.ts'
import { type CountedOp, countedOpsOf } from './counted-op.ts'
import { addToSum, packageDigestOf, publisherDigestOf } from './digest.ts'
import { feedChainOf } from './feed-chain.ts'
import { feedStateOf } from './feed-state.ts'
import { looseStateOf } from './loose-state.ts'
import { OpIndex } from './op-index.ts'
import { packageStateOf, publicOf } from './package-state.ts'
import { FeedRecords } from './record-set.ts'
import { RootChain } from './root-chain.ts'

/** The fold: a publisher's records, in any order, to its catalogue (specification section 6); others' records are left out. */
export function foldPublisher(publisher: PublisherId, records: Iterable<WellFormedRecord>): PublisherCatalogue {
  const byFeed = recordsByFeed(publisher, records)
  const root = new RootChain(publisher, recordsOf(byFeed, ROOT_FEED))
  const feeds: FeedState[] = [feedStateOf(root, null)]
  const index = new OpIndex()
  const behind: CountedOp[] = []
  for (const live of root.word.live.values()) {
    const held = recordsOf(byFeed, live.feed)
    const chain = feedChainOf(held, live.ended)
    feeds.push(feedStateOf(chain, live))
    for (const record of chain.counted) for (const op of countedOpsOf(record, live)) index.add(op)
    if (live.visibility === 'public')
      behind.push(...held.behind(chain.counted).flatMap(record => countedOpsOf(record, live)))
  }
  const packages = new Map<PackageName, PackageState>()
  let sum = 0n
  let releases = 0
  for (const name of index.packages()) {
    const ops = index.opsOf(name)
    const state = packageStateOf(name, ops)
    const shared = packageStateOf(name, publicOf(ops))
    if (state !== null) packages.set(name, state)
    releases += state?.releases.size ?? 0
    if (shared !== null) sum = addToSum(sum, packageDigestOf(shared))
  }
  const { voidedHeads } = root.word
  const digest = publisherDigestOf(feeds, sum)
  return { publisher, feeds, packages, releases, ...looseStateOf(index.loose(), behind), voidedHeads, digest }
}

function recordsByFeed(publisher: PublisherId, records: Iterable<WellFormedRecord>): Map<FeedId, FeedRecords> {
  const byFeed = new Map<FeedId, FeedRecords>()
  for (const record of records) {
    if (record.publisher !== publisher) continue
    const feed = recordsOf(byFeed, record.feed)
    feed.add(record)
    byFeed.set(record.feed, feed)
  }
  return byFeed
}

const recordsOf = (byFeed: ReadonlyMap<FeedId, FeedRecords>, feed: FeedId): FeedRecords =>
  byFeed.get(feed) ?? new FeedRecords(feed)
