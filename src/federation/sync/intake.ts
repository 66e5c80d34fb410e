import {
  type FeedHead,
  type FeedId,
  type PeerId,
  type PublisherId,
  type RecordId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import { RecentTexts } from '../recent-texts.ts'
import type { FeedStore, StoreRefusal } from './feed-store.ts'
import { MAX_COMMIT_RECORDS, MAX_RECENT_IDS } from './limits.ts'
import { RootAuthority } from './root-authority.ts'
import type { VerifyRange } from './verify-range.ts'

/** What the one door for foreign records needs. */
export interface IntakePorts {
  readonly net: string
  readonly store: FeedStore
  readonly verify: VerifyRange
  /** Newly stored records, in feed order, after they are durable: fold them, push their heads. */
  readonly onStored: (records: readonly WellFormedRecord[], from: PeerId) => void | Promise<void>
  /** Whether this node writes the feed. */
  readonly isOwnFeed: (publisher: PublisherId, feed: FeedId) => boolean
  /** A peer's record was stored in an own feed: the longer chain of a rolled-back home, or another writer with its keys. */
  readonly onOwnFeed: (head: FeedHead) => void | Promise<void>
}

/** What became of a batch: every record is stored, known or refused. */
export interface Taken {
  readonly stored: readonly WellFormedRecord[]
  readonly known: number
  readonly refused: readonly { readonly record: WellFormedRecord; readonly why: Refusal }[]
}
/** As the store says; `undecided`, `usurped` as the root feed says. */
export type Refusal = StoreRefusal | 'undecided' | 'usurped'

/** The one door through which other nodes' records enter the store, by gossip or by sync. */
export class Intake {
  readonly #ports: IntakePorts
  readonly #authority: RootAuthority
  /** Of records stored lately: what is news is asked about once for each peer that tells it. */
  readonly #recent = new RecentTexts(MAX_RECENT_IDS)

  constructor(ports: IntakePorts) {
    this.#ports = ports
    this.#authority = new RootAuthority(ports.store, ports.net)
  }

  get store(): FeedStore {
    return this.#ports.store
  }

  /** Verifies every signature of a range. */
  get verify(): VerifyRange {
    return this.#ports.verify
  }

  /** Whether a record is stored here. */
  async holds(id: RecordId): Promise<boolean> {
    if (this.#recent.has(id)) return true
    return this.store.mayHold(id) && (await this.store.envelope(id)) !== null
  }

  /** How full each bounded structure is. */
  get sizes() {
    return { recentIds: this.#recent.size, ...this.#authority.sizes }
  }

  /** Whether records of a feed may be admitted at all: asked first, so that a stranger's feed costs no transfer and no signature check. */
  async mayAdmit(publisher: PublisherId, feed: FeedId): Promise<boolean> {
    return feed === ROOT_FEED || (await this.#authority.isDelegated(publisher, feed))
  }

  /** Whether a record of this place would be signed by keys that the publisher's root feed, as far as it is held, names. */
  async isAuthorised({
    publisher,
    feed,
    signer,
  }: Pick<WellFormedRecord, 'publisher' | 'feed' | 'signer'>): Promise<boolean> {
    if (feed === ROOT_FEED) return await this.#authority.mayHaveSigned(publisher, signer)
    return await this.#authority.isDelegated(publisher, feed)
  }

  /** Commits verified records in batches of at most 500, so that a break loses little and resumes from the stored sequence. */
  async commit(
    records: readonly WellFormedRecord[],
    from: PeerId,
    options: { readonly pinned?: boolean } = {},
  ): Promise<Taken> {
    const { admitted, refused } = await this.#admit(records)
    const stored: WellFormedRecord[] = []
    let known = 0
    for (let i = 0; i < admitted.length; i += MAX_COMMIT_RECORDS) {
      const appended = await this.#append(admitted.slice(i, i + MAX_COMMIT_RECORDS), options.pinned ?? false)
      for (const { id } of appended.stored) this.#recent.add(id)
      stored.push(...appended.stored)
      refused.push(...appended.refused)
      known += appended.known
      await this.#tellOwn(appended.stored)
      if (appended.stored.length > 0) await this.#ports.onStored(appended.stored, from)
    }
    return { stored, known, refused }
  }

  /** Tells the intake of records this node wrote itself: the root's next delegates are known from now on. */
  async wrote(record: WellFormedRecord): Promise<void> {
    this.#recent.add(record.id)
    await this.#authority.admit(record)
  }

  /** Tells the intake that a publisher's records are kept no more. */
  forgot(publisher: PublisherId): void {
    this.#recent.clear()
    this.#authority.forget(publisher)
  }

  async #admit(records: readonly WellFormedRecord[]) {
    const admitted: WellFormedRecord[] = []
    const refused: { record: WellFormedRecord; why: Refusal }[] = []
    for (const record of records) {
      const admission = await this.#authority.admit(record)
      if (admission === 'admitted') admitted.push(record)
      else refused.push({ record, why: admission })
    }
    return { admitted, refused }
  }

  async #append(batch: readonly WellFormedRecord[], pinned: boolean) {
    try {
      const appended = await this.#ports.store.append(batch, { pinned })
      for (const { record } of appended.refused) this.#authority.forget(record.publisher)
      for (const { publisher } of await this.#filledIn(appended.stored)) this.#authority.forget(publisher)
      return appended
    } catch (error) {
      for (const { publisher } of batch) this.#authority.forget(publisher)
      throw error
    }
  }

  /** Root records that came before others held here, as one that was lost does: what those delegate is read again. */
  async #filledIn(records: readonly WellFormedRecord[]): Promise<readonly WellFormedRecord[]> {
    const last = new Map(records.filter(({ feed }) => feed === ROOT_FEED).map(record => [record.publisher, record]))
    const tips = await Promise.all([...last.keys()].map(publisher => this.#ports.store.head(publisher, ROOT_FEED)))
    return [...last.values()].filter(({ seq }, i) => seq < (tips[i]?.seq ?? 0))
  }

  async #tellOwn(records: readonly WellFormedRecord[]): Promise<void> {
    const tips = new Map<FeedId, FeedHead>()
    for (const { publisher, feed, seq, id } of records)
      if (this.#ports.isOwnFeed(publisher, feed)) tips.set(feed, { publisher, feed, seq, id })
    for (const tip of tips.values()) await this.#ports.onOwnFeed(tip)
  }
}
