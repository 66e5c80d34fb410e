import { type FeedId, type PublisherId, ROOT_FEED } from '../ids.ts'
import type { WellFormedRecord } from '../record.ts'
import { type FoldedRecord, foldedOf } from './folded-record.ts'
import { HeldOps } from './held-ops.ts'
import { HeldRecords } from './held-records.ts'
import type { RecordBodies } from './record-bodies.ts'
import { FeedRecords } from './record-set.ts'

/** Records of one batch that are new. */
interface Fresh {
  readonly root: readonly FoldedRecord[]
  /** Writers' records by number, by feed. */
  readonly byFeed: ReadonlyMap<FeedId, readonly number[]>
  /** Whether any says who is a member, or is of the root: what is loose is then counted anew. */
  readonly bearsOnLoose: boolean
}

/** All records of one publisher that were taken in, whether they count or not. */
export class TakenRecords {
  readonly root = new FeedRecords(ROOT_FEED)
  /** Writers' records. */
  readonly held = new HeldRecords()
  /** Their ops. */
  readonly ops = new HeldOps()
  readonly #publisher: PublisherId
  readonly #bodies: RecordBodies
  #statesHolders = false

  constructor(publisher: PublisherId, bodies: RecordBodies) {
    this.#publisher = publisher
    this.#bodies = bodies
  }

  /** Whether any op says who holds what. */
  get statesHolders(): boolean {
    return this.#statesHolders
  }

  /** Takes in what is new of a batch. */
  add(records: Iterable<WellFormedRecord>): Fresh {
    const root: FoldedRecord[] = []
    const byFeed = new Map<FeedId, number[]>()
    let bearsOnLoose = false
    for (const record of records) {
      if (record.publisher !== this.#publisher) continue
      if (record.feed === ROOT_FEED) {
        const folded = foldedOf(record, this.root)
        if (this.root.add(folded)) root.push(folded)
        continue
      }
      const number = this.held.add(record)
      if (number === null) continue
      const { understood } = record
      const ops = understood?.typ === 'ops' ? understood.ops : []
      this.ops.add(number, this.held.feedOf(number), ops)
      this.#bodies.keep(record)
      this.#statesHolders ||= ops.some(({ op }) => op === 'holds')
      bearsOnLoose ||= ops.some(({ op }) => op === 'member')
      const added = byFeed.get(record.feed)
      if (added === undefined) byFeed.set(record.feed, [number])
      else added.push(number)
    }
    return { root, byFeed, bearsOnLoose: bearsOnLoose || root.length > 0 }
  }
}
