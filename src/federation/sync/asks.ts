import type { PeerId } from '../../protocol/index.ts'
import type { SyncEffect } from './effects.ts'
import { HEADS_TIMEOUT_MS, RANGE_LATE_MS, RANGE_MOST_MS, RANGE_TIMEOUT_MS } from './limits.ts'
import type { Line, Mark } from './line.ts'
import type { SyncPeers } from './sync-peers.ts'
import type { HeadsChain } from './told-heads.ts'
import type { Want } from './want.ts'

type Peers = Pick<SyncPeers, 'asked' | 'answered'>

/** A request that its peer has not answered yet. */
export interface Ask {
  readonly peer: PeerId
  readonly begun: Mark
  /** When it was found last that the line makes it late, or else when it began. */
  since: Mark
  /** When it is given up, ms; never once it is here. */
  deadline: number
  /** What a range is asked for; null: heads. */
  readonly want: Want | null
  /** When others are asked beside it unless it is the line, ms; null: they are, or it is here. */
  lateAt: number | null
  /** The whole answer came: what it waits for is this node. */
  isHere: boolean
  /** Of a request for heads of all that is followed; null: of any other. */
  readonly chain: HeadsChain | null
}

/** Requests under way, by their numbers; peers and wants are told when one of theirs begins and ends. */
export class Asks {
  readonly #peers: Peers
  readonly #line: Line
  readonly #asks = new Map<number, Ask>()
  readonly #chained = new Set<PeerId>()
  #last = 0

  constructor(peers: Peers, line: Line) {
    this.#peers = peers
    this.#line = line
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
    for (const { want, lateAt, isHere } of this.#asks.values()) if (want && (isHere || lateAt !== null)) ranges++
    return ranges
  }

  /** Whether the peer is being asked for the heads of all that is followed. */
  isChained(peer: PeerId): boolean {
    return this.#chained.has(peer)
  }

  /** A request for heads begins; its number. One chain a peer at a time. */
  beginHeads(peer: PeerId, chain: HeadsChain | null, now: number): number {
    if (chain) this.#chained.add(peer)
    return this.#begin({ peer, want: null, chain, deadline: now + HEADS_TIMEOUT_MS, lateAt: null }, now)
  }

  /** A request for a range begins; its number. */
  beginRange(peer: PeerId, want: Want, now: number): number {
    want.asked(peer)
    const lateAt = now + RANGE_LATE_MS
    return this.#begin({ peer, want, chain: null, deadline: now + RANGE_TIMEOUT_MS, lateAt }, now)
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
  arrived(id: number, now: number): void {
    const ask = this.#asks.get(id)
    if (ask === undefined) return
    this.#line.came(ask.peer, ask.begun, now)
    Object.assign(ask, { isHere: true, lateAt: null, deadline: Number.POSITIVE_INFINITY })
  }

  /** Whether the line is why this one is late, or ended before it was here. */
  isDelayed({ peer, begun }: Ask, now: number): boolean {
    return this.#line.explains(peer, begun, this.#askedForRanges(), now)
  }

  /**
   * Those whose time is over, one by one: one that ends meanwhile is left out. Beside one that is only late, others may be asked now, unless
   * it is the line: then it has more time.
   */
  *overdue(now: number): Generator<[number, Ask]> {
    for (const [id, ask] of this.#asks) {
      const isLate = ask.lateAt !== null && ask.lateAt <= now
      if (ask.deadline > now && !isLate) continue
      if (this.#mayTakeLonger(ask, now)) ask.lateAt &&= now + RANGE_LATE_MS
      else if (ask.deadline <= now) yield [id, ask]
      else {
        ask.lateAt = null
        ask.want?.feed.widen()
      }
    }
  }

  /** When one of them has to be looked at, ms; infinity: none is under way. */
  nextAt(): number {
    let at = Number.POSITIVE_INFINITY
    for (const { deadline, lateAt } of this.#asks.values()) at = Math.min(at, lateAt ?? deadline)
    return at
  }

  /** More time for what the line makes late; but not for ever. */
  #mayTakeLonger(ask: Ask, now: number): boolean {
    const { peer, since, begun } = ask
    if (!this.#line.explains(peer, since, this.#askedForRanges(), now)) return false
    ask.since = this.#line.mark(peer, now)
    ask.deadline = Math.min(begun.atMs + RANGE_MOST_MS, Math.max(ask.deadline, now + 2 * RANGE_LATE_MS))
    return ask.deadline > now
  }

  *#askedForRanges(): Generator<PeerId> {
    for (const { peer, want, isHere } of this.#asks.values()) if (want && !isHere) yield peer
  }

  #begin(asked: Omit<Ask, 'begun' | 'since' | 'isHere'>, now: number): number {
    const begun = this.#line.mark(asked.peer, now)
    const ask = { ...asked, begun, since: begun, isHere: false }
    this.#asks.set(++this.#last, ask)
    this.#peers.asked(ask.peer, ask.want ? 'ranges' : 'heads', this.#last)
    return this.#last
  }
}
