import type { Appended } from '../../federation/index.ts'
import { MAX_RIVAL_BRANCHES } from '../../federation/index.ts'
import type { RecordId, WellFormedRecord } from '../../protocol/index.ts'
import { encodeFeedTree, type FeedTree } from './feed-tree.ts'
import type { Write } from './level-database.ts'
import { encodePlace, encodeStored, type IdPlace, keyOf, type RecordPlace } from './stored-record.ts'

export interface AppendOptions {
  /** The batch is on the branch that the root's void names: kept beyond the bound on rivals. */
  readonly pinned?: boolean
  /** Refuses, as `rivals`, a record that would open a branch: a writer's own records extend a tip or are not written. */
  readonly onlyAtTip?: boolean
}

/** Key of a feed's tree of branches. */
export function feedKeyOf({ publisher, feed }: Pick<RecordPlace, 'publisher' | 'feed'>): string {
  if (publisher !== last.publisher || feed !== last.feed) last = { publisher, feed, key: `${publisher}/${feed}` }
  return last.key
}

/** Records come feed by feed. */
let last = { publisher: '', feed: '', key: '/' }

/** Ids of records, and of those before them, that may be held: what is beyond every tip of its feed is new, and no more behind it is. */
export function idsToLookUp(
  records: readonly WellFormedRecord[],
  trees: ReadonlyMap<string, FeedTree>,
): ReadonlySet<RecordId> {
  const ids = new Set<RecordId>()
  const tips = new Set([...trees.values()].flatMap(tree => tree.map(({ tip }) => tip.id)))
  const ends = new Map([...trees].map(([key, tree]) => [key, Math.max(0, ...tree.map(({ tip }) => tip.seq))]))
  for (const record of records) {
    const isBeyond = record.seq > (ends.get(feedKeyOf(record)) ?? 0)
    if (!isBeyond) ids.add(record.id)
    if (record.prev !== null && (!isBeyond || tips.has(record.prev))) ids.add(record.prev)
  }
  return ids
}

/**
 * Decides where the records of several appends go, without touching the disk, by the laws of `FeedStore`.
 * `trees` hold what the store has of the feeds concerned, `places` of the ids that `idsToLookUp` names; both grow with the plan.
 */
export class AppendPlan {
  readonly #trees: Map<string, FeedTree>
  readonly #places: Map<RecordId, IdPlace>
  readonly #records: Write[] = []
  readonly #touched = new Set<string>()

  constructor(trees: Map<string, FeedTree>, places: Map<RecordId, IdPlace>) {
    this.#trees = trees
    this.#places = places
  }

  take(records: readonly WellFormedRecord[], options: AppendOptions): Appended {
    const stored: WellFormedRecord[] = []
    const refused: { record: WellFormedRecord; why: 'gap' | 'rivals' }[] = []
    let known = 0
    for (const record of records) {
      const at = this.#places.get(record.id)
      const answer = at === undefined ? this.#place(record, options) : at.isLost ? this.#fill(at, record) : 'known'
      if (answer === 'known') known++
      else if (answer === 'stored') stored.push(record)
      else refused.push({ record, why: answer })
    }
    return { stored, known, refused }
  }

  /** One batch for all that was taken: records, where their ids lie, and the feeds' new trees. */
  writes(): readonly Write[] {
    const trees = [...this.#touched].map(
      (key): Write => ({ type: 'put', table: 'feeds', key, value: encodeFeedTree(this.#trees.get(key)!) }),
    )
    return [...this.#records, ...trees]
  }

  #place(record: WellFormedRecord, options: AppendOptions): 'stored' | 'gap' | 'rivals' {
    const tree = this.#trees.get(feedKeyOf(record)) ?? []
    const prev = record.prev === null ? null : this.#places.get(record.prev)
    if (prev === undefined || !isNext(prev, record)) return 'gap'
    const extended = tree.findIndex(({ tip }) => tip.id === record.prev)
    if (extended >= 0) {
      this.#put(record, extended, tree.with(extended, { ...tree[extended]!, tip: record }))
      return 'stored'
    }
    if (!mayBranch(tree, options)) return 'rivals'
    this.#put(record, tree.length, [...tree, { parent: prev?.branch ?? 0, from: record.seq, tip: record }])
    return 'stored'
  }

  #put(record: WellFormedRecord, branch: number, tree: FeedTree): void {
    const { publisher, feed, seq } = record
    this.#trees.set(feedKeyOf(record), tree)
    this.#touched.add(feedKeyOf(record))
    this.#putAt({ publisher, feed, branch, seq }, record)
  }

  /** A record that was lost on disk comes back: its feed's tree never forgot it. */
  #fill(at: IdPlace, record: WellFormedRecord): 'stored' | 'gap' {
    if (feedKeyOf(at) !== feedKeyOf(record) || at.seq !== record.seq) return 'gap'
    this.#putAt(at, record)
    return 'stored'
  }

  #putAt({ publisher, feed, branch, seq }: RecordPlace, { id, envelope }: WellFormedRecord): void {
    const place = { publisher, feed, branch, seq, isLost: false }
    this.#places.set(id, place)
    this.#records.push({ type: 'put', table: 'records', key: keyOf(place), value: encodeStored(id, envelope) })
    this.#records.push({ type: 'put', table: 'places', key: id, value: encodePlace(place, place) })
  }
}

function mayBranch(tree: FeedTree, { pinned = false, onlyAtTip = false }: AppendOptions): boolean {
  if (tree.length === 0) return true
  return !onlyAtTip && (pinned || tree.length <= MAX_RIVAL_BRANCHES)
}

function isNext(prev: RecordPlace | null, record: WellFormedRecord): boolean {
  if (prev === null) return record.seq === 1
  return prev.publisher === record.publisher && prev.feed === record.feed && prev.seq + 1 === record.seq
}
