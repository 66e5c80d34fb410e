import type { PeerId } from '../../protocol/index.ts'
import type { SyncEffect } from './effects.ts'
import { HEADS_TIMEOUT_MS, QUICK_RANGE_MS, RANGE_LATE_MS, RANGE_TIMEOUT_MS } from './limits.ts'
import type { SyncPeers } from './sync-peers.ts'
import type { HeadsChain } from './told-heads.ts'
import type { Want } from './want.ts'

type Peers = Pick<SyncPeers, 'asked' | 'answered' | 'paces'>

/** How a range comes so far: beside one that is slow peers of which nothing is known are asked, beside one that is late any. */
export type Pace = 'quick' | 'slow' | 'late'

/** A request that its peer has not answered yet. */
export interface Ask {
  readonly peer: PeerId
  /** When it is given up, ms; never once it is here. */
  deadline: number
  /** What a range is asked for; null: heads. */
  readonly want: Want | null
  pace: Pace
  /** When that changes, ms; infinity: it does not, or it is here. */
  slowerAt: number
  /** The whole answer came: what it waits for is this node. */
  isHere: boolean
  /** Of a request for heads of all that is followed; null: of any other. */
  readonly chain: HeadsChain | null
}

/** Requests under way, by their numbers; peers and wants are told when one of theirs begins and ends. */
export class Asks {
  readonly #peers: Peers
  readonly #asks = new Map<number, Ask>()
  readonly #chained = new Set<PeerId>()
  #last = 0

  constructor(peers: Peers) {
    this.#peers = peers
  }

  get size(): number {
    return this.#asks.size
  }

  get(id: number): Ask | undefined {
    return this.#asks.get(id)
  }

  /** Ranges under way, but for those that are late: who keeps others waiting takes no place from them. */
  get ranges(): number {
    let ranges = 0
    for (const { want, pace, isHere } of this.#asks.values()) if (want && (isHere || pace !== 'late')) ranges++
    return ranges
  }

  /** Whether the peer is being asked for the heads of all that is followed. */
  isChained(peer: PeerId): boolean {
    return this.#chained.has(peer)
  }

  /** A request for heads begins; its number. One chain a peer at a time. */
  beginHeads(peer: PeerId, chain: HeadsChain | null, now: number): number {
    if (chain) this.#chained.add(peer)
    return this.#begin({
      peer,
      want: null,
      chain,
      slowerAt: Number.POSITIVE_INFINITY,
      deadline: now + HEADS_TIMEOUT_MS,
    })
  }

  /** A request for a range begins; its number. */
  beginRange(peer: PeerId, want: Want, now: number): number {
    want.asked(peer)
    const times = { slowerAt: now + QUICK_RANGE_MS, deadline: now + RANGE_TIMEOUT_MS }
    return this.#begin({ peer, want, chain: null, ...times })
  }

  /** What this peer was asked by that number, which is over; null: nothing. */
  end(id: number, peer: PeerId): Ask | null {
    const ask = this.#asks.get(id)
    if (ask?.peer !== peer) return null
    this.#asks.delete(id)
    this.#peers.answered(peer, id)
    if (ask.chain) this.#chained.delete(peer)
    ask.want?.answered(peer)
    return ask
  }

  /** Ends those that are meant: no answer to them is waited for. */
  cancel(isMeant: (ask: Ask) => boolean): SyncEffect[] {
    const meant = [...this.#asks].filter(([, ask]) => isMeant(ask))
    for (const [id, { peer }] of meant) this.end(id, peer)
    return meant.map(([ask]) => ({ do: 'cancel', ask }))
  }

  /** All of an answer is here: what it takes to verify and store it is no time of the peer's. */
  arrived(id: number): void {
    const ask = this.#asks.get(id)
    if (ask)
      Object.assign(ask, { isHere: true, slowerAt: Number.POSITIVE_INFINITY, deadline: Number.POSITIVE_INFINITY })
  }

  /** What is asked for heads answered one of several requests, and is asked the next. */
  goesOn(id: number, now: number): void {
    const ask = this.#asks.get(id)
    if (ask) ask.deadline = now + HEADS_TIMEOUT_MS
  }

  /** Those whose time is over, one by one: one that ends meanwhile is left out. Beside those that are only slow or late, others may be asked now. */
  *overdue(now: number): Generator<[number, Ask]> {
    for (const [id, ask] of this.#asks) {
      if (ask.deadline <= now) yield [id, ask]
      else while (ask.slowerAt <= now) this.#isSlower(ask)
    }
  }

  /** When one of them has to be looked at, ms; infinity: none is under way. */
  nextAt(): number {
    let at = Number.POSITIVE_INFINITY
    for (const { deadline, slowerAt } of this.#asks.values()) at = Math.min(at, slowerAt, deadline)
    return at
  }

  #isSlower(ask: Ask): void {
    if (ask.pace === 'quick') {
      Object.assign(ask, { pace: 'slow', slowerAt: ask.slowerAt + RANGE_LATE_MS - QUICK_RANGE_MS })
      ask.want?.feed.tryMore()
      this.#peers.paces.cameSlowly(ask.peer)
    } else {
      Object.assign(ask, { pace: 'late', slowerAt: Number.POSITIVE_INFINITY })
      ask.want?.feed.widen()
      this.#peers.paces.wasLate(ask.peer)
    }
  }

  #begin(begun: Omit<Ask, 'pace' | 'isHere'>): number {
    const ask: Ask = { ...begun, pace: 'quick', isHere: false }
    this.#asks.set(++this.#last, ask)
    this.#peers.asked(ask.peer, ask.want ? 'ranges' : 'heads', this.#last)
    return this.#last
  }
}
