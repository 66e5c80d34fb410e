import { createHash } from 'node:crypto'
import type { NodeRecord, PeerId, PublisherId } from '../../protocol/index.ts'
import * as limits from './limits.ts'
import { isWithin, type Reach } from './reach.ts'

/** A node record held here, verified. */
export interface HeldRecord {
  readonly record: NodeRecord
  readonly envelope: Uint8Array
  /** Of its least address: nobody met from further away is told of it. */
  readonly reach: Reach
  /** The peer that brought it. */
  readonly from: PeerId
}

/** How this node met a peer: dialled it at an address, or was dialled by it. */
export type Met = 'dialled' | 'came'

/**
 * Node records of others, bounded so that no peer can fill it: the newest of each node and reach, 512 in all; where there is no
 * room, the peer that brought most loses its oldest. Pure.
 */
export class RecordBook {
  readonly #held = new Map<string, HeldRecord>()
  readonly #digests = new Set<string>()
  readonly #broughtBy = new Map<PeerId, number>()
  readonly #met = new Map<PeerId, Met>()

  get size(): number {
    return this.#held.size
  }

  /** Whether exactly this record is held, so that its signature needs no second check. */
  has(envelope: Uint8Array): boolean {
    return this.#digests.has(digestOf(envelope))
  }

  /** False if it is too old or too far ahead (`now` in ms since 1970), or one that holds before it is held. */
  add(held: HeldRecord, now: number): boolean {
    const { record, from } = held
    if (Math.abs(now - record.at) > limits.MAX_RECORD_AGE_MS) return false
    const key = keyOf(held)
    const known = this.#held.get(key)
    if (known !== undefined && !isLater(record, known.record, now)) return false
    this.#remove(key)
    this.#held.set(key, held)
    this.#digests.add(digestOf(held.envelope))
    this.#broughtBy.set(from, (this.#broughtBy.get(from) ?? 0) + 1)
    if (this.#broughtBy.get(from)! > limits.MAX_RECORDS_FROM_ONE) this.#forgetOldestOf(from)
    else if (this.#held.size > limits.MAX_RECORDS) this.#forgetOldestOf(this.#fullest())
    return this.#held.get(key) === held
  }

  /** A connection to a peer came up: from now on it is vouched for. `isConnected`: of whom to keep where there is no room. */
  met(peer: PeerId, how: Met, isConnected: (peer: PeerId) => boolean): void {
    const before = this.#met.get(peer)
    this.#met.delete(peer)
    this.#met.set(peer, before === 'dialled' ? before : how)
    if (this.#met.size > limits.MAX_RECORDS) this.#forgetOneMet(isConnected)
  }

  howMet(peer: PeerId): Met | null {
    return this.#met.get(peer) ?? null
  }

  /** The newest record of a node, of any reach. */
  of(peer: PeerId): NodeRecord | null {
    const held = [...this.#held.values()].filter(({ record }) => record.peer === peer)
    return held.reduce<NodeRecord | null>((a, { record }) => (a === null || record.at > a.at ? record : a), null)
  }

  /** The newest record of each node, of any reach. */
  newest(): ReadonlyMap<PeerId, NodeRecord> {
    const newest = new Map<PeerId, NodeRecord>()
    for (const { record } of this.#held.values())
      if ((newest.get(record.peer)?.at ?? Number.NEGATIVE_INFINITY) < record.at) newest.set(record.peer, record)
    return newest
  }

  /** Forgets what is too old. */
  age(now: number): void {
    for (const [key, { record }] of this.#held)
      if (Math.abs(now - record.at) > limits.MAX_RECORD_AGE_MS) this.#remove(key)
  }

  /**
   * At most `count` records for a peer of that reach: of nodes this one met alone, so that what somebody made up ends here; those it
   * dialled first. With `mirrors`, of those that say they mirror one of them.
   */
  tell({ count, mirrors, reach, to, luck }: Telling): readonly Uint8Array[] {
    const wanted = mirrors === undefined ? null : new Set(mirrors)
    return [...this.#held.values()]
      .filter(held => isWithin(held.reach, reach) && held.record.peer !== to && held.record.addresses.length > 0)
      .filter(({ record }) => wanted === null || record.mirrors.some(publisher => wanted.has(publisher)))
      .flatMap(held => {
        const how = this.#met.get(held.record.peer)
        return how === undefined ? [] : [{ held, rank: (how === 'dialled' ? 0 : 1) + luck() / 2 }]
      })
      .sort((a, b) => a.rank - b.rank)
      .slice(0, count)
      .map(({ held }) => held.envelope)
  }

  /** Of those not connected who came by itself first, then who was met longest ago: ids are free, and anybody may come once. */
  #forgetOneMet(isConnected: (peer: PeerId) => boolean): void {
    const gone = [...this.#met.keys()].filter(peer => !isConnected(peer))
    const [oldest] = this.#met.keys()
    this.#met.delete(gone.find(peer => this.#met.get(peer) === 'came') ?? gone[0] ?? oldest!)
  }

  #fullest(): PeerId {
    return [...this.#broughtBy].reduce((a, b) => (b[1] > a[1] ? b : a))[0]
  }

  /** Its own record last. */
  #forgetOldestOf(from: PeerId): void {
    let oldest: string | null = null
    for (const [key, held] of this.#held) {
      if (held.from !== from) continue
      const isOwn = held.record.peer === from
      if (!isOwn || oldest === null) oldest = key
      if (!isOwn) break
    }
    if (oldest !== null) this.#remove(oldest)
  }

  #remove(key: string): void {
    const held = this.#held.get(key)
    if (held === undefined) return
    this.#held.delete(key)
    this.#digests.delete(digestOf(held.envelope))
    const left = this.#broughtBy.get(held.from)! - 1
    if (left > 0) this.#broughtBy.set(held.from, left)
    else this.#broughtBy.delete(held.from)
  }
}

/** What a peer is told. */
interface Telling {
  readonly count: number
  readonly mirrors?: readonly PublisherId[] | undefined
  /** Of the connection with the peer. */
  readonly reach: Reach
  readonly to: PeerId
  /** 0 (inclusive) to 1, anew at each call. */
  readonly luck: () => number
}

/**
 * Of two records of a node the one signed later, but none of the future replaces one that is not: a node whose clock was ahead would
 * else be known by what it said then, until the time it took it for has come.
 */
function isLater(one: NodeRecord, other: NodeRecord, now: number): boolean {
  const isAhead = ({ at }: NodeRecord) => at > now + limits.CLOCK_ROOM_MS
  return isAhead(one) === isAhead(other) ? one.at > other.at : isAhead(other)
}

const keyOf = ({ record, reach }: HeldRecord): string => `${reach} ${record.peer}`
const digestOf = (envelope: Uint8Array): string => createHash('sha256').update(envelope).digest('base64')
