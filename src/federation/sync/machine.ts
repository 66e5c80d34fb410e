import type { PeerId, PublisherId } from '../../protocol/index.ts'
import { type Ask, Asks } from './asks.ts'
import { Departures } from './departures.ts'
import type { Failure, HeadsAnswer, Offer, RangeOutcome, SyncEffect } from './effects.ts'
import { Followed } from './followed.ts'
import { HeadRounds } from './head-rounds.ts'
import { PEERS_A_FOLLOW } from './limits.ts'
import { Ranges } from './ranges.ts'
import { type PeerRank, SyncPeers } from './sync-peers.ts'
import { Wants } from './wants.ts'

const NO_COOKIE: HeadsAnswer = { cookie: null, isOver: false, isCut: false }

/**
 * Decides whom to ask for what, when: the guarantee behind gossip's hints (NETWORK, Streams; FORMAT section 5).
 * Pure: `now` (ms) comes with every input, `random` (0..1) with the machine, and each input answers with effects.
 */
export class SyncMachine {
  readonly #followed = new Followed()
  readonly #wants = new Wants()
  readonly #peers: SyncPeers
  readonly #asks: Asks
  readonly #rounds: HeadRounds
  readonly #departures: Departures
  readonly #ranges: Ranges

  constructor(random: () => number) {
    this.#peers = new SyncPeers(random)
    this.#asks = new Asks(this.#peers)
    this.#rounds = new HeadRounds(this.#followed, this.#peers, this.#asks, random)
    this.#departures = new Departures(this.#peers, this.#asks, this.#wants, this.#rounds)
    this.#ranges = new Ranges(this.#peers, this.#asks, this.#wants, this.#rounds, this.#departures)
  }

  /** Whether nothing is asked and nothing known to be missing. */
  get idle(): boolean {
    return this.#asks.size === 0 && this.#wants.size === 0
  }

  /** Peers that told all heads of these publishers, and whether anything of theirs is still missing. */
  standingOf(publishers: ReadonlySet<PublisherId>): { readonly told: number; readonly isMissing: boolean } {
    return { told: this.#rounds.toldAllOf(publishers), isMissing: this.#wants.hasAnyOf(publishers) }
  }

  isFollowed(publisher: PublisherId): boolean {
    return this.#followed.has(publisher)
  }

  /** Whether something of a publisher is known to be missing. */
  isMissing(publisher: PublisherId): boolean {
    return this.#wants.hasAnyOf(new Set([publisher]))
  }

  /** How full each bounded structure is. */
  get sizes() {
    return {
      asks: this.#asks.size,
      ...this.#ranges.sizes,
      ...this.#peers.sizes,
      ...this.#wants.sizes,
      ...this.#rounds.sizes,
    }
  }

  connected(peer: PeerId, rank: PeerRank, now: number): SyncEffect[] {
    if (!this.#peers.add(peer, rank, now)) return []
    return [...this.#subscribe([peer]), ...this.#rounds.came(peer, now), ...this.#wakeAt(now)]
  }

  disconnected(peer: PeerId, now: number): SyncEffect[] {
    return [...this.#departures.left(peer), ...this.#schedule(now)]
  }

  follow(publishers: readonly PublisherId[], now: number): SyncEffect[] {
    if (!this.#followed.add(publishers)) return []
    const asks = this.#peers.pick(now, PEERS_A_FOLLOW).flatMap(peer => this.#rounds.goOn(peer, now))
    return [...this.#subscribe(this.#peers.ids()), ...asks, ...this.#wakeAt(now)]
  }

  unfollow(publishers: readonly PublisherId[], now: number): SyncEffect[] {
    const gone = new Set(this.#followed.delete(publishers))
    if (gone.size === 0) return []
    const cancelled = this.#asks.cancel(({ want }) => want !== null && gone.has(want.head.publisher))
    this.#wants.dropPublishers(gone)
    return [...cancelled, ...this.#subscribe(this.#peers.ids()), ...this.#schedule(now)]
  }

  /** Gossip showed a record whose predecessors are missing; `source` forwarded it. */
  gap(publisher: PublisherId, source: PeerId, now: number): SyncEffect[] {
    if (!this.#followed.has(publisher)) return []
    this.#wants.unpark(publisher)
    const peers = this.#peers.has(source) ? [source] : this.#peers.pick(now)
    return [...peers.flatMap(peer => this.#rounds.askOne(peer, publisher, now)), ...this.#wakeAt(now)]
  }

  /** The answer to an `askHeads` (`ask`) or a subscription's push (`ask` null): offers that this node does not hold. */
  offered(peer: PeerId, ask: number | null, offers: readonly Offer[], now: number, answer = NO_COOKIE): SyncEffect[] {
    const asked = ask === null ? null : this.#asks.end(ask, peer)
    if ((ask !== null && asked === null) || !this.#peers.has(peer)) return []
    const followed = offers.filter(({ head }) => this.#followed.has(head.publisher))
    const taken = this.#ranges.offered(peer, followed, now)
    const asksOn = asked ? this.#rounds.answered(peer, asked.chain, answer, taken, now) : []
    return [...asksOn, ...this.#schedule(now)]
  }

  /** A subscription ended that this node did not end: it is opened again with the next round. */
  unsubscribed(peer: PeerId): void {
    this.#peers.deafened(peer)
  }

  /** One of the requests that an `askHeads` takes was answered: the next has its own time. */
  answering(ask: number, now: number): void {
    this.#asks.goesOn(ask, now)
  }

  /** A heads request that failed, or was answered by what is not one of the protocol's messages (`bad`). */
  headsFailed(peer: PeerId, ask: number, why: Failure | 'bad', now: number): SyncEffect[] {
    if (!this.#asks.end(ask, peer)) return []
    if (why === 'bad') return this.lied(peer, now)
    return [...(why === 'failed' ? this.#departures.strike(peer, why, now) : []), ...this.#schedule(now)]
  }

  ranged(peer: PeerId, ask: number, outcome: RangeOutcome, now: number): SyncEffect[] {
    const ended = this.#asks.end(ask, peer)
    if (!ended?.want) return []
    const { want } = ended
    const offerers = [...want.offeredBy]
    const effects = this.#ranges.ended(peer, want, outcome, now, ended.pace)
    const fetched = offerers.filter(each => !this.#wants.hasOffers(each))
    return [...effects, ...fetched.flatMap(each => this.#rounds.fetched(each, now)), ...this.#schedule(now)]
  }

  /**
   * All bytes of a range are here: what it takes to verify and store it is no time of the peer's. How many it is asked for next if they
   * are what was asked for; 0: they did not come quickly.
   */
  arrived(ask: number): number {
    this.#asks.arrived(ask)
    const { pace, peer } = this.#asks.get(ask) ?? {}
    return pace === 'quick' && peer !== undefined ? this.#peers.paces.nextBytesOf(peer) : 0
  }

  /** What a peer sent was a lie. */
  lied(peer: PeerId, now: number): SyncEffect[] {
    return [...this.#departures.drop(peer, 'bad record'), ...this.#schedule(now)]
  }

  /** Time has come: late answers are given up or others asked too and, when it is due, a round starts. */
  wake(now: number): SyncEffect[] {
    const effects: SyncEffect[] = []
    for (const [id, ask] of this.#asks.overdue(now)) effects.push(...this.#giveUp(id, ask, now))
    return [...effects, ...this.#startRound(now), ...this.#schedule(now)]
  }

  #giveUp(id: number, { peer, want, pace }: Ask, now: number): SyncEffect[] {
    this.#asks.end(id, peer)
    const effects = want
      ? this.#ranges.ended(peer, want, { is: 'failed' }, now, pace)
      : this.#departures.strike(peer, 'failed', now)
    return [{ do: 'cancel', ask: id }, ...effects]
  }

  #startRound(now: number): SyncEffect[] {
    if (!this.#rounds.isDue(now)) return []
    this.#wants.unpark()
    return [...this.#subscribe(this.#peers.takeDeaf()), ...this.#rounds.start(now)]
  }

  #subscribe(peers: readonly PeerId[]): SyncEffect[] {
    return peers.map(peer => ({ do: 'subscribe', peer, publishers: this.#followed.ids }))
  }

  /** Whatever came, ranges may start now, and the next look is due at another time. */
  #schedule(now: number): SyncEffect[] {
    return [...this.#ranges.start(now), ...this.#wakeAt(now)]
  }

  #wakeAt(now: number): SyncEffect[] {
    const at = Math.min(this.#rounds.nextAt(now), this.#asks.nextAt(), this.#ranges.restsUntil(now))
    return [{ do: 'wakeAt', at }]
  }
}
