import {
  type FeedHead,
  type FeedId,
  MAX_FEED_RANGE_BYTES,
  type PublisherId,
  parseUnverifiedRecord,
  type RecordId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { FeedStore } from './feed-store.ts'
import { MAX_KNOWN_ROOT_ENTRIES, MAX_KNOWN_ROOTS, MAX_RECENT_ROOT_RECORDS } from './limits.ts'
import { type AdmittedKeys, AdmittedRoot } from './root-keys.ts'

/** Whether a well-formed record belongs to the publisher it names. */
export type Admission =
  | 'admitted'
  /** The root records that would decide are not held here yet. */
  | 'undecided'
  /** Signed by keys that are not the publisher's. */
  | 'usurped'

interface Known {
  readonly root: AdmittedRoot
  readonly loaded: Promise<void>
}

/**
 * Tells a publisher's own records from a stranger's. A root record names its signing keys and a writer's feed is its key, so anyone
 * can make well-formed ones under any publisher; only those that the chain from the genesis authorises may fill a store.
 * Voided and expired feeds stay admitted: what counts is the fold's question.
 */
export class RootAuthority {
  readonly #store: FeedStore
  readonly #net: string
  readonly #roots = new Map<PublisherId, Known>()
  /** The keys after the newest admitted root records, which need not be stored yet; all others are looked up. */
  readonly #recent = new BoundedMap<RecordId, { readonly root: AdmittedRoot; readonly keys: AdmittedKeys }>(
    MAX_RECENT_ROOT_RECORDS,
  )

  constructor(store: FeedStore, net: string) {
    this.#store = store
    this.#net = net
  }

  /** How full it is: publishers, their keys and delegates, and newest root records at hand. */
  get sizes() {
    const entries = [...this.#roots.values()].reduce((sum, { root }) => sum + root.entries, 0)
    return { knownRoots: this.#roots.size, knownRootEntries: entries, recentRootRecords: this.#recent.size }
  }

  /** Whether a root record held here delegates a writer's feed. */
  async isDelegated(publisher: PublisherId, feed: FeedId): Promise<boolean> {
    return (await this.#rootOf(publisher)).delegated.has(feed)
  }

  /** Whether these keys (`WellFormedRecord.signer`) have a part in the root held here. */
  async mayHaveSigned(publisher: PublisherId, signer: string): Promise<boolean> {
    return (await this.#rootOf(publisher)).hasKeys(signer)
  }

  /** Judges records in feed order; an admitted root record counts for those after it. */
  async admit(record: WellFormedRecord): Promise<Admission> {
    if (record.feed !== ROOT_FEED)
      return (await this.isDelegated(record.publisher, record.feed)) ? 'admitted' : 'undecided'
    const root = await this.#rootOf(record.publisher)
    const before = record.prev === null ? null : await this.#keysAfter(record.publisher, record.prev, root)
    if (before === undefined) return 'undecided'
    const keys = root.admit(record, before)
    if (keys === null) return 'usurped'
    this.#recent.set(record.id, { root, keys })
    return 'admitted'
  }

  /** Forgets a publisher, after a commit that failed: the store is asked again. */
  forget(publisher: PublisherId): void {
    this.#roots.delete(publisher)
  }

  async #rootOf(publisher: PublisherId): Promise<AdmittedRoot> {
    const known = this.#roots.get(publisher) ?? this.#open(publisher)
    this.#roots.delete(publisher)
    this.#roots.set(publisher, known)
    try {
      await known.loaded
    } catch (error) {
      if (this.#roots.get(publisher) === known) this.#roots.delete(publisher)
      throw error
    }
    return known.root
  }

  /** Makes room first: the least recently used publishers are read again when they are needed. */
  #open(publisher: PublisherId): Known {
    let entries = 0
    for (const { root } of this.#roots.values()) entries += root.entries
    for (const [oldest, { root }] of this.#roots) {
      if (this.#roots.size < MAX_KNOWN_ROOTS && entries < MAX_KNOWN_ROOT_ENTRIES) break
      this.#roots.delete(oldest)
      entries -= root.entries
    }
    const root = new AdmittedRoot()
    return { root, loaded: this.#load(publisher, root) }
  }

  async #load(publisher: PublisherId, root: AdmittedRoot): Promise<void> {
    for (const head of await this.#store.heads(publisher)) {
      const keys = head.feed === ROOT_FEED ? await this.#loadBranch(head, root) : null
      if (keys !== null) this.#recent.set(head.id, { root, keys })
    }
  }

  /** The keys after the branch that ends at `head`. */
  async #loadBranch({ publisher, seq, id }: FeedHead, root: AdmittedRoot): Promise<AdmittedKeys | null> {
    let keys: AdmittedKeys | null = null
    for (let from = 1; from <= seq; ) {
      const records = await this.#range(publisher, { from, to: id, limit: 500 })
      if (records.length === 0) return null
      for (const record of records) {
        keys = root.admit(record, keys)
        if (keys === null) return null
      }
      from += records.length
    }
    return keys
  }

  /** The keys after a root record; undefined if it is not held. They changed last at the latest change on its chain. */
  async #keysAfter(publisher: PublisherId, id: RecordId, root: AdmittedRoot): Promise<AdmittedKeys | undefined> {
    const recent = this.#recent.get(id)
    if (recent?.root === root) return recent.keys
    const envelope = await this.#store.envelope(id)
    if (envelope === null) return undefined
    const { seq, feed, publisher: owner } = this.#parse(envelope)
    if (feed !== ROOT_FEED || owner !== publisher) return undefined
    const changes = [...root.changes.values()].filter(change => change.seq <= seq).sort((a, b) => b.seq - a.seq)
    for (const change of changes) {
      const [there] = await this.#range(publisher, { from: change.seq, to: id, limit: 1 })
      if (there?.id === change.id) return change.keys
    }
    return undefined
  }

  /** Unverified: the store holds only what was verified. */
  async #range(publisher: PublisherId, range: { from: number; to: RecordId; limit: number }) {
    const envelopes = await this.#store.range(publisher, ROOT_FEED, { ...range, maxBytes: MAX_FEED_RANGE_BYTES })
    return envelopes.map(bytes => this.#parse(bytes))
  }

  #parse(envelope: Uint8Array): WellFormedRecord {
    return parseUnverifiedRecord(envelope, { net: this.#net }).record
  }
}
