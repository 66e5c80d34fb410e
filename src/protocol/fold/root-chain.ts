import type { FeedId, PackageName, PublisherId, RecordId } from '../ids.ts'
import { shortNameOf } from '../purl.ts'
import type { StopReason } from './catalogue.ts'
import type { FoldedRecord } from './folded-record.ts'
import { RootWord } from './live-feeds.ts'
import { PinSearch } from './pin-search.ts'
import type { FeedRecords } from './record-set.ts'
import { keysSaidBy, type RootKeys, signerRoleOf } from './root-keys.ts'

const NO_KEYS: RootKeys = { current: new Set(), recovery: new Set(), next: new Set() }

/**
 * Which root records count, and which feeds and voids they add up to (specification sections 6.1 and 6.2). Kept up to date: records
 * that follow the last one cost no more than themselves; only one that opens a branch, or pins it, has the chain walked again.
 */
export class RootChain {
  readonly #publisher: PublisherId
  readonly #records: FeedRecords
  #counted: FoldedRecord[] = []
  /** The counted records that gave the root its keys: the genesis and rotates by a recovery key. */
  #keyRecords: FoldedRecord[] = []
  #keys = NO_KEYS
  #reason: StopReason = 'open'
  #word = new RootWord()
  #pins: PinSearch

  constructor(publisher: PublisherId, records: FeedRecords) {
    this.#publisher = publisher
    this.#records = records
    this.#pins = new PinSearch(records)
    this.#restart()
  }

  get counted(): readonly FoldedRecord[] {
    return this.#counted
  }

  get reason(): StopReason {
    return this.#reason
  }

  /** What the counted records say; another object once a branch took the place of another. */
  get word(): RootWord {
    return this.#word
  }

  /** Takes note of records that were added to the root feed. */
  add(records: readonly FoldedRecord[]): void {
    if (this.#counted.length === 0 || records.some(record => this.#mayTurn(record))) this.#restart()
    else this.#grow()
  }

  /**
   * [genesis, recovery rotates…, delegate]: the records that make a feed's word about a package its publisher's, as a
   * search hit carries them (specification section 13.2); null when the feed may not speak of it.
   */
  delegationOf(feed: FeedId, name: PackageName): readonly RecordId[] | null {
    const delegate = this.#word.live.get(feed)?.scope.delegateFor(shortNameOf(name)) ?? null
    if (delegate === null) return null
    return [...this.#keyRecords.filter(({ seq }) => seq < delegate.seq), delegate].map(({ id }) => id)
  }

  /** Whether a new record can change which records count below the last: it lies beside a counted one, or pins a branch that does. */
  #mayTurn(record: FoldedRecord): boolean {
    const isBesideCounted = record.seq <= this.#counted.length && this.#counted[record.seq - 2]?.id === record.prev
    return isBesideCounted || this.#pins.adds(record)
  }

  #restart(): void {
    const genesis = this.#records.find(this.#publisher as string as RecordId)
    if (genesis?.seq !== 1 || genesis.understood?.typ !== 'identity') return
    this.#counted = [genesis]
    this.#keyRecords = [genesis]
    this.#keys = keysSaidBy(genesis) ?? NO_KEYS
    this.#word = new RootWord()
    this.#pins = new PinSearch(this.#records)
    this.#grow()
  }

  #grow(): void {
    for (;;) {
      const last = this.#counted.at(-1)
      const next = last === undefined ? null : this.#pickNext(last)
      if (next === null || next === 'fork') {
        this.#reason = next ?? 'open'
        return
      }
      this.#counted.push(next)
      this.#word.add(next)
      if (signerRoleOf(this.#keys, next) !== 'recovery') continue
      this.#keys = keysSaidBy(next) ?? NO_KEYS
      this.#keyRecords.push(next)
    }
  }

  /**
   * The record after `last`: a rotate by the recovery key displaces every ordinary record; of several ordinary ones the
   * one from which such a rotate chains on, since a stolen old key must not undo a rotation by forking below it.
   */
  #pickNext(last: FoldedRecord): FoldedRecord | 'fork' | null {
    const keys = this.#keys
    const children = this.#records.childrenOf(last)
    const rotates = children.filter(child => signerRoleOf(keys, child) === 'recovery')
    if (rotates.length > 0) return rotates.length === 1 ? (rotates[0] ?? null) : 'fork'
    const ordinary = children.filter(child => signerRoleOf(keys, child) === 'ordinary')
    if (ordinary.length <= 1) return ordinary[0] ?? null
    const pinned = ordinary.filter(child => this.#pins.isPinned(child, keys))
    return pinned.length === 1 ? (pinned[0] ?? null) : 'fork'
  }
}
