import {
  type FeedId,
  keyListDigestOf,
  type PublisherId,
  parseUnverifiedRecord,
  type RecordId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { FeedStore } from './feed-store.ts'
import { MAX_KNOWN_ROOTS } from './limits.ts'

/** Who may sign after one root record; key lists as sha-256 in hex. */
interface Keys {
  readonly current: ReadonlySet<string>
  /** `next` and `recovery`: may sign a rotate. */
  readonly heirs: ReadonlySet<string>
  /** A rotate that is not understood came before: its keys are unknown, so any may sign. */
  readonly isOpen: boolean
}
interface Root {
  readonly after: Map<RecordId, Keys>
  readonly delegated: Set<FeedId>
}

/** Whether a well-formed record belongs to the publisher it names. */
export type Admission =
  | 'admitted'
  /** The root records that would decide are not held here yet. */
  | 'undecided'
  /** Signed by keys that are not the publisher's. */
  | 'usurped'

/**
 * Tells a publisher's own records from a stranger's. A root record names its signing keys and a writer's feed is its key, so anyone
 * can make well-formed ones under any publisher; only those that the chain from the genesis authorises may fill a store.
 * Voided and expired feeds stay admitted: what counts is the fold's question.
 */
export class RootAuthority {
  readonly #store: FeedStore
  readonly #net: string
  readonly #roots = new Map<PublisherId, Promise<Root>>()

  constructor(store: FeedStore, net: string) {
    this.#store = store
    this.#net = net
  }

  /** Judges records in feed order; an admitted root record counts for those after it. */
  async admit(record: WellFormedRecord): Promise<Admission> {
    const root = await this.#rootOf(record.publisher)
    if (record.feed !== ROOT_FEED) return root.delegated.has(record.feed) ? 'admitted' : 'undecided'
    return admitRoot(root, record)
  }

  /** Forgets a publisher, after a commit that failed: the store is asked again. */
  forget(publisher: PublisherId): void {
    this.#roots.delete(publisher)
  }

  #rootOf(publisher: PublisherId): Promise<Root> {
    const known = this.#roots.get(publisher) ?? this.#load(publisher)
    this.#roots.delete(publisher)
    this.#roots.set(publisher, known)
    if (this.#roots.size > MAX_KNOWN_ROOTS) this.#roots.delete(this.#roots.keys().next().value!)
    return known
  }

  async #load(publisher: PublisherId): Promise<Root> {
    // Unverified: the store holds only what was verified.
    const root: Root = { after: new Map(), delegated: new Set() }
    for (const { feed, seq, id } of await this.#store.heads(publisher)) {
      if (feed !== ROOT_FEED) continue
      for (let from = 1; from <= seq; ) {
        const envelopes = await this.#store.range(publisher, feed, { from, to: id, limit: 500, maxBytes: 1 << 20 })
        if (envelopes.length === 0) break
        for (const envelope of envelopes) admitRoot(root, parseUnverifiedRecord(envelope, { net: this.#net }).record)
        from += envelopes.length
      }
    }
    return root
  }
}

function admitRoot(root: Root, record: WellFormedRecord): Admission {
  const before = record.prev === null ? null : root.after.get(record.prev)
  if (before === undefined) return 'undecided'
  if (before !== null && !maySign(before, record)) return 'usurped'
  const { understood } = record
  root.after.set(record.id, keysAfter(before, record))
  if (understood?.typ === 'delegate') root.delegated.add(understood.feed)
  return 'admitted'
}

function maySign({ current, heirs, isOpen }: Keys, { typ, signer }: WellFormedRecord): boolean {
  return isOpen || current.has(signer) || (typ === 'rotate' && heirs.has(signer))
}

/** Only a rotate signed by an heir changes the keys: one by a current key is an ordinary record, as in the fold. */
function keysAfter(before: Keys | null, { typ, signer, understood: body }: WellFormedRecord): Keys {
  if (before !== null && !(typ === 'rotate' && before.heirs.has(signer))) return before
  if (body?.typ !== 'identity' && body?.typ !== 'rotate') return { current: new Set(), heirs: new Set(), isOpen: true }
  return {
    current: new Set(body.keys.map(keys => hex(keyListDigestOf(keys)))),
    heirs: new Set([...body.next, ...body.recovery].map(hex)),
    isOpen: false,
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
