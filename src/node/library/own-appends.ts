import type { FeedHead, FeedId, PublisherId, RecordId, WellFormedRecord } from '../../protocol/index.ts'
import { StorageError } from '../storage/index.ts'
import type { CloneWatch } from './clone-watch.ts'
import type { Library } from './library.ts'

/** Where the next record of a feed goes. */
interface FeedPlace {
  readonly feed: FeedId
  readonly seq: number
  readonly prev: RecordId | null
  /** Milliseconds. */
  readonly ts: number
}

export interface OwnAppendsParts {
  readonly publisher: PublisherId
  readonly library: Library
  readonly clones: CloneWatch
  /** Tells the network, after the record is durable and folded. */
  readonly announce: (record: WellFormedRecord) => void
}

/** Puts records behind the heads of own feeds, and nothing behind what is damaged or a copy of this node wrote. */
export class OwnAppends {
  readonly #parts: OwnAppendsParts

  constructor(parts: OwnAppendsParts) {
    this.#parts = parts
  }

  /**
   * Makes the next record of an own feed durable, folds and announces it. Before the first write the feed may grow meanwhile, as a
   * longer chain is adopted: the record is then built again behind it. A feed that takes no record behind its own head is damaged.
   * @throws FederationError E_FEED_CLONED when the feed went on without this node; StorageError E_RECORD_CORRUPT
   */
  async append(feed: FeedId, build: (place: FeedPlace) => WellFormedRecord): Promise<WellFormedRecord> {
    const { publisher, library, clones, announce } = this.#parts
    for (;;) {
      this.requireSound()
      const head = await library.records.head(publisher, feed)
      const record = build({ feed, seq: (head?.seq ?? 0) + 1, prev: head?.id ?? null, ts: Date.now() })
      const { stored } = await library.records.append([record], { onlyAtTip: true })
      if (stored.length === 0) {
        if ((await library.records.head(publisher, feed))?.id === head?.id) this.#cannotExtend(feed, head)
        continue
      }
      clones.wrote(feed, record.seq)
      library.absorb(stored)
      announce(record)
      return record
    }
  }

  /**
   * Nothing is written behind a record that is damaged or lost here: what it said is not known, and a copy of it elsewhere would make
   * what takes its place a fork. @throws FederationError E_FEED_CLONED; StorageError E_RECORD_CORRUPT
   */
  requireSound(): void {
    const { publisher, library, clones } = this.#parts
    if (clones.found !== null) throw clones.found
    const problem = library.problems.get(publisher)
    if (problem === undefined) return
    throw new StorageError(
      'E_RECORD_CORRUPT',
      `this node writes nothing while its own records are damaged: ${problem}`,
      {
        hint: 'stop the node, then: hanse doctor --repair; it says what can be fetched again and what a backup must bring back',
      },
    )
  }

  /** Takes note of damage, so that nothing more is written. */
  #cannotExtend(feed: FeedId, head: FeedHead | null): void {
    const { publisher, library } = this.#parts
    const problem = `nothing can be written behind record ${head?.seq ?? 0} of feed ${feed}`
    library.damaged({ publisher, feed, problem, lost: null })
  }
}
