import { type FeedHead, MAX_ASKED_PUBLISHERS, type PeerId, type PublisherId } from '../../protocol/index.ts'
import * as limits from './limits.ts'
import { type Want, Wants } from './wants.ts'

/** What a machine asks its driver to do; `ask` numbers the answer that is expected. */
export type SyncEffect =
  | {
      readonly do: 'askHeads'
      readonly ask: number
      readonly peer: PeerId
      readonly publishers: readonly PublisherId[]
    }
  /** Fetch the chain that ends at `head`, verify and commit it. `from` null: where the main branch held ends. */
  | {
      readonly do: 'askRange'
      readonly ask: number
      readonly peer: PeerId
      readonly head: FeedHead
      readonly from: number | null
      readonly pinned: boolean
    }
  | { readonly do: 'subscribe'; readonly peer: PeerId; readonly publishers: readonly PublisherId[] }
  /** The answer to `ask` is no longer waited for. */
  | { readonly do: 'cancel'; readonly ask: number }
  | { readonly do: 'dropPeer'; readonly peer: PeerId; readonly why: DropReason }
  /** Call `wake` at this time, ms. */
  | { readonly do: 'wakeAt'; readonly at: number }
export type DropReason = 'bad record' | 'unreliable'

/** A head that a peer offers and this node does not hold. */
export interface Offer {
  readonly head: FeedHead
  /** The root's void names it: wanted from anyone, kept beyond the bound on rivals. */
  readonly pinned: boolean
}

/** How an `askRange` ended. */
export type RangeOutcome =
  /** The head is held now. */
  | { readonly is: 'held' }
  /** Some records of the chain are held now; it goes on at `next`. */
  | { readonly is: 'more'; readonly next: number }
  /** The chain does not join what is held: it starts at `from`, a rival branch leaves ours earlier. */
  | { readonly is: 'apart'; readonly from: number }
  /** No root record held here delegates the feed: perhaps a later round brings one. */
  | { readonly is: 'undelegated' }
  /** The feed holds enough rivals. */
  | { readonly is: 'refused' }
  /** The peer does not have it after all. */
  | { readonly is: 'empty' }
  /** A signature, chain or shape that no honest node sends. */
  | { readonly is: 'bad' }
  | { readonly is: 'failed' }

/** Which peers come first in a round: pinned by the operator, named in a followed publisher's profile, the rest. */
export type PeerRank = 'pinned' | 'named' | 'other'
const RANKS: readonly PeerRank[] = ['pinned', 'named', 'other']

interface Peer {
  readonly rank: PeerRank
  readonly ranges: Set<number>
  readonly heads: Set<number>
  strikes: number
}
interface Ask {
  readonly peer: PeerId
  readonly deadline: number
  readonly want: Want | null
}

/**
 * Decides whom to ask for what, when: the guarantee behind gossip's hints (NETWORK, Streams; FORMAT section 5).
 * Pure: `now` (ms) comes with every input, `random` (0..1) with the machine, and each input answers with effects.
 */
export class SyncMachine {
  readonly #random: () => number
  readonly #followed = new Set<PublisherId>()
  readonly #peers = new Map<PeerId, Peer>()
  readonly #asks = new Map<number, Ask>()
  readonly #wants = new Wants()
  #lastAsk = 0
  #nextRound: number | null = null

  constructor(random: () => number) {
    this.#random = random
  }

  /** Whether nothing is asked and nothing known to be missing. */
  get idle(): boolean {
    return this.#asks.size === 0 && this.#wants.size === 0
  }

  connected(peer: PeerId, rank: PeerRank, now: number): SyncEffect[] {
    if (this.#peers.has(peer) || this.#peers.size >= limits.MAX_SYNC_PEERS) return []
    this.#peers.set(peer, { rank, ranges: new Set(), heads: new Set(), strikes: 0 })
    return [...this.#subscribe(peer), ...this.#askHeads(peer, [...this.#followed], now), ...this.#wake(now)]
  }

  disconnected(peer: PeerId, now: number): SyncEffect[] {
    const effects = this.#forget(peer)
    return [...effects, ...this.#schedule(now)]
  }

  follow(publishers: readonly PublisherId[], now: number): SyncEffect[] {
    const added = publishers.filter(publisher => !this.#followed.has(publisher))
    if (added.length === 0) return []
    for (const publisher of added) this.#followed.add(publisher)
    const asks = this.#pickPeers().flatMap(peer => this.#askHeads(peer, added, now))
    return [...[...this.#peers.keys()].flatMap(peer => this.#subscribe(peer)), ...asks, ...this.#wake(now)]
  }

  unfollow(publisher: PublisherId): SyncEffect[] {
    if (!this.#followed.delete(publisher)) return []
    this.#wants.dropPublisher(publisher)
    return [...this.#peers.keys()].flatMap(peer => this.#subscribe(peer))
  }

  /** Gossip showed a record whose predecessors are missing; `source` forwarded it. */
  gap(publisher: PublisherId, source: PeerId, now: number): SyncEffect[] {
    if (!this.#followed.has(publisher)) return []
    const peers = this.#peers.has(source) ? [source] : this.#pickPeers()
    return [...peers.flatMap(peer => this.#askHeads(peer, [publisher], now)), ...this.#wake(now)]
  }

  /** The answer to an `askHeads` (`ask`) or a subscription's push (`ask` null): offers that this node does not hold. */
  offered(peer: PeerId, ask: number | null, offers: readonly Offer[], now: number): SyncEffect[] {
    if (ask !== null && !this.#settle(ask, peer)) return []
    if (!this.#peers.has(peer)) return []
    for (const { head, pinned } of offers) if (this.#followed.has(head.publisher)) this.#wants.offer(head, pinned, peer)
    return this.#schedule(now)
  }

  /** A heads request that failed: refused, reset, or not one of the protocol's messages (`bad`). */
  headsFailed(peer: PeerId, ask: number, bad: boolean, now: number): SyncEffect[] {
    if (!this.#settle(ask, peer)) return []
    return [...(bad ? this.#drop(peer, 'bad record') : this.#strike(peer)), ...this.#schedule(now)]
  }

  ranged(peer: PeerId, ask: number, outcome: RangeOutcome, now: number): SyncEffect[] {
    const want = this.#asks.get(ask)?.want
    if (!want || !this.#settle(ask, peer)) return []
    const effects = this.#judge(peer, want, outcome)
    return [...effects, ...this.#schedule(now)]
  }

  /** Time has come: late answers are given up and, when it is due, a round starts. */
  wake(now: number): SyncEffect[] {
    const effects: SyncEffect[] = []
    for (const [id, ask] of this.#asks) {
      if (ask.deadline > now) continue
      effects.push({ do: 'cancel', ask: id })
      this.#settle(id, ask.peer)
      if (ask.want) this.#wants.release(ask.want)
      effects.push(...this.#strike(ask.peer))
    }
    if (this.#nextRound !== null && this.#nextRound <= now) {
      this.#nextRound = null
      for (const peer of this.#pickPeers()) effects.push(...this.#askHeads(peer, [...this.#followed], now))
    }
    return [...effects, ...this.#schedule(now)]
  }

  #judge(peer: PeerId, want: Want, outcome: RangeOutcome): SyncEffect[] {
    this.#wants.release(want)
    switch (outcome.is) {
      case 'held':
        this.#wants.done(want)
        return this.#absolve(peer)
      case 'more':
        want.from = outcome.next
        return this.#absolve(peer)
      case 'apart':
        if (outcome.from === 1) return this.#drop(peer, 'bad record')
        want.stepBack(outcome.from)
        return []
      case 'undelegated':
        this.#wants.done(want)
        return []
      case 'refused':
        this.#wants.refuse(want)
        return []
      case 'empty':
        this.#wants.withdraw(want, peer)
        return want.pinned ? [] : this.#strike(peer)
      case 'bad':
        return this.#drop(peer, 'bad record')
      case 'failed':
        this.#wants.withdraw(want, peer)
        return this.#strike(peer)
    }
  }

  /** Starts every range that may start: root feeds first, one branch of a feed at a time, two ranges a peer. */
  #schedule(now: number): SyncEffect[] {
    const effects: SyncEffect[] = []
    for (const want of this.#wants.ready()) {
      const peer = this.#freePeerFor(want)
      if (peer === null) continue
      this.#wants.take(want)
      const ask = this.#ask(peer, limits.RANGE_TIMEOUT_MS, want, now)
      this.#peers.get(peer)!.ranges.add(ask)
      effects.push({ do: 'askRange', ask, peer, head: want.head, from: want.from, pinned: want.pinned })
    }
    return [...effects, ...this.#wake(now)]
  }

  #freePeerFor(want: Want): PeerId | null {
    let best: PeerId | null = null
    for (const id of want.offeredBy) {
      const peer = this.#peers.get(id)
      if (!peer || peer.ranges.size >= limits.MAX_RANGES_PER_PEER) continue
      if (best === null || load(peer) < load(this.#peers.get(best)!)) best = id
    }
    return best
  }

  #askHeads(peer: PeerId, publishers: readonly PublisherId[], now: number): SyncEffect[] {
    const effects: SyncEffect[] = []
    for (let i = 0; i < publishers.length; i += MAX_ASKED_PUBLISHERS) {
      const heads = this.#peers.get(peer)!.heads
      if (heads.size >= limits.MAX_HEAD_ASKS_PER_PEER) break
      const ask = this.#ask(peer, limits.HEADS_TIMEOUT_MS, null, now)
      heads.add(ask)
      effects.push({ do: 'askHeads', ask, peer, publishers: publishers.slice(i, i + MAX_ASKED_PUBLISHERS) })
    }
    return effects
  }

  #ask(peer: PeerId, timeoutMs: number, want: Want | null, now: number): number {
    this.#asks.set(++this.#lastAsk, { peer, deadline: now + timeoutMs, want })
    return this.#lastAsk
  }

  #settle(ask: number, peer: PeerId): boolean {
    if (this.#asks.get(ask)?.peer !== peer) return false
    this.#asks.delete(ask)
    this.#peers.get(peer)?.ranges.delete(ask)
    this.#peers.get(peer)?.heads.delete(ask)
    return true
  }

  #subscribe(peer: PeerId): SyncEffect[] {
    return [{ do: 'subscribe', peer, publishers: [...this.#followed] }]
  }

  /** Up to three peers, by rank, then by chance. */
  #pickPeers(): PeerId[] {
    return [...this.#peers]
      .map(([id, { rank }]) => ({ id, rank: RANKS.indexOf(rank), luck: this.#random() }))
      .sort((a, b) => a.rank - b.rank || a.luck - b.luck)
      .slice(0, limits.PEERS_A_ROUND)
      .map(({ id }) => id)
  }

  #absolve(peer: PeerId): SyncEffect[] {
    const known = this.#peers.get(peer)
    if (known) known.strikes = Math.max(0, known.strikes - 1)
    return []
  }

  #strike(peer: PeerId): SyncEffect[] {
    const known = this.#peers.get(peer)
    return known && ++known.strikes >= limits.MAX_STRIKES ? this.#drop(peer, 'unreliable') : []
  }

  #drop(peer: PeerId, why: DropReason): SyncEffect[] {
    return this.#peers.has(peer) ? [...this.#forget(peer), { do: 'dropPeer', peer, why }] : []
  }

  #forget(peer: PeerId): SyncEffect[] {
    const effects: SyncEffect[] = []
    for (const [id, ask] of this.#asks) {
      if (ask.peer !== peer) continue
      this.#settle(id, peer)
      if (ask.want) this.#wants.release(ask.want)
      effects.push({ do: 'cancel', ask: id })
    }
    this.#peers.delete(peer)
    this.#wants.dropPeer(peer)
    return effects
  }

  #wake(now: number): SyncEffect[] {
    this.#nextRound ??= now + limits.ROUND_MS * (0.8 + 0.4 * this.#random())
    let at = this.#nextRound
    for (const { deadline } of this.#asks.values()) at = Math.min(at, deadline)
    return [{ do: 'wakeAt', at }]
  }
}

const load = (peer: Peer): number => peer.strikes * limits.MAX_RANGES_PER_PEER + peer.ranges.size
