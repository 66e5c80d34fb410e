import type { PeerId, PublisherId } from '../../protocol/index.ts'
import { type Ask, Asks } from './asks.ts'
import type { DropReason, Failure, HeadsAnswer, Offer, RangeOutcome, SyncEffect } from './effects.ts'
import { Followed } from './followed.ts'
import { HeadRounds, type Taken } from './head-rounds.ts'
import * as limits from './limits.ts'
import { NewerFeeds } from './newer-feeds.ts'
import { type PeerRank, SyncPeers } from './sync-peers.ts'
import type { Want } from './want.ts'
import { Wants } from './wants.ts'

const NO_COOKIE: HeadsAnswer = { cookie: null, isOver: false, isCut: false }

/**
 * Decides whom to ask for what, when: the guarantee behind gossip's hints (NETWORK, Streams; FORMAT section 5).
 * Pure: `now` (ms) comes with every input, `random` (0..1) with the machine, and each input answers with effects.
 */
export class SyncMachine {
  readonly #followed = new Followed()
  readonly #peers: SyncPeers
  readonly #asks: Asks
  readonly #rounds: HeadRounds
  readonly #wants = new Wants()
  readonly #newer = new NewerFeeds()
  #localFailures = 0
  /** No range is asked for before. */
  #restsUntil = 0

  constructor(random: () => number) {
    this.#peers = new SyncPeers(random)
    this.#asks = new Asks(this.#peers)
    this.#rounds = new HeadRounds(this.#followed, this.#peers, this.#asks, random)
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
      newerFeeds: this.#newer.size,
      ...this.#peers.sizes,
      ...this.#wants.sizes,
      ...this.#rounds.sizes,
    }
  }

  connected(peer: PeerId, rank: PeerRank, now: number): SyncEffect[] {
    if (!this.#peers.add(peer, rank, now)) return []
    return [...this.#subscribe(peer), ...this.#rounds.came(peer, now), ...this.#wakeAt(now)]
  }

  disconnected(peer: PeerId, now: number): SyncEffect[] {
    return [...this.#forget(peer, false), ...this.#schedule(now)]
  }

  follow(publishers: readonly PublisherId[], now: number): SyncEffect[] {
    if (!this.#followed.add(publishers)) return []
    const asks = this.#peers.pick(now, limits.PEERS_A_FOLLOW).flatMap(peer => this.#rounds.goOn(peer, now))
    return [...this.#subscribeAll(), ...asks, ...this.#wakeAt(now)]
  }

  unfollow(publishers: readonly PublisherId[], now: number): SyncEffect[] {
    const gone = new Set(this.#followed.delete(publishers))
    if (gone.size === 0) return []
    const cancelled = this.#cancel(({ want }) => want !== null && gone.has(want.head.publisher))
    this.#wants.dropPublishers(gone)
    return [...cancelled, ...this.#subscribeAll(), ...this.#schedule(now)]
  }

  /** Gossip showed a record whose predecessors are missing; `source` forwarded it. */
  gap(publisher: PublisherId, source: PeerId, now: number): SyncEffect[] {
    if (!this.#followed.has(publisher)) return []
    this.#wants.unpark(publisher)
    const peers = this.#peers.has(source) ? [source] : this.#peers.pick(now)
    return [...peers.flatMap(peer => this.#rounds.askOne(peer, publisher, now)), ...this.#wakeAt(now)]
  }

  /** The answer to an `askHeads` (`ask`) or a subscription's push (`ask` null): offers that this node does not hold. */
  offered(
    peer: PeerId,
    ask: number | null,
    offers: readonly Offer[],
    now: number,
    answer: HeadsAnswer = NO_COOKIE,
  ): SyncEffect[] {
    const asked = ask === null ? null : this.#asks.end(ask, peer)
    if ((ask !== null && asked === null) || !this.#peers.has(peer)) return []
    const taken = this.#take(peer, offers, now)
    const asksOn = asked ? this.#rounds.answered(peer, asked.chain, answer, taken, now) : []
    return [...asksOn, ...this.#schedule(now)]
  }

  /** A subscription ended that this node did not end: it is opened again with the next round. */
  unsubscribed(peer: PeerId): void {
    this.#peers.deafened(peer)
  }

  /** A heads request that failed, or was answered by what is not one of the protocol's messages (`bad`). */
  headsFailed(peer: PeerId, ask: number, why: Failure | 'bad', now: number): SyncEffect[] {
    if (!this.#asks.end(ask, peer)) return []
    const effects =
      why === 'bad' ? this.#drop(peer, 'bad record') : why === 'failed' ? this.#strike(peer, 'failed', now) : []
    return [...effects, ...this.#schedule(now)]
  }

  ranged(peer: PeerId, ask: number, outcome: RangeOutcome, now: number): SyncEffect[] {
    const want = this.#asks.get(ask)?.want
    if (!want || !this.#asks.end(ask, peer)) return []
    const offerers = [...want.offeredBy]
    const effects = this.#judge(peer, want, outcome, now)
    const fetched = offerers.filter(each => !this.#wants.hasOffers(each))
    return [...effects, ...fetched.flatMap(each => this.#rounds.fetched(each, now)), ...this.#schedule(now)]
  }

  /** All bytes of a range are here: what it takes to verify and store it is no time of the peer's. */
  arrived(ask: number): void {
    const asked = this.#asks.get(ask)
    if (asked) Object.assign(asked, { isHere: true, lateAt: null, deadline: Number.POSITIVE_INFINITY })
  }

  /** What a peer sent was a lie. */
  lied(peer: PeerId, now: number): SyncEffect[] {
    return [...this.#drop(peer, 'bad record'), ...this.#schedule(now)]
  }

  /** Time has come: late answers are given up or others asked too and, when it is due, a round starts. */
  wake(now: number): SyncEffect[] {
    const effects: SyncEffect[] = []
    for (const [id, ask] of this.#asks) {
      if (ask.deadline <= now) effects.push(...this.#giveUp(id, ask, now))
      else if (ask.lateAt !== null && ask.lateAt <= now) {
        ask.lateAt = null
        ask.want?.feed.widen()
      }
    }
    if (this.#rounds.isDue(now)) {
      this.#wants.unpark()
      effects.push(...this.#peers.takeDeaf().flatMap(peer => this.#subscribe(peer)), ...this.#rounds.start(now))
    }
    return [...effects, ...this.#schedule(now)]
  }

  /** Wants what a peer offers, as far as there is room. */
  #take(peer: PeerId, offers: readonly Offer[], now: number): Taken {
    let heads = 0
    let isAll = true
    for (const { head, pinned } of offers) {
      if (!this.#followed.has(head.publisher) || this.#newer.has(peer, head, now)) continue
      if (this.#wants.offer(head, pinned, peer)) heads++
      else isAll &&= pinned
    }
    return { heads, isAll }
  }

  #judge(peer: PeerId, want: Want, outcome: RangeOutcome, now: number): SyncEffect[] {
    switch (outcome.is) {
      case 'held':
        this.#helped(peer, want, outcome.helped, now)
        this.#wants.done(want)
        return [...this.#cancelOthers(want), ...(outcome.helped && want.isRoot ? this.#askAgain(peer, want, now) : [])]
      case 'more':
        this.#helped(peer, want, outcome.helped, now)
        want.from = outcome.next
        if (outcome.short) want.feed.widen()
        return this.#cancelOthers(want)
      case 'apart':
        if (outcome.from === 1) return this.#betrayed(peer, want)
        want.stepBack(outcome.from)
        return this.#cancelOthers(want)
      case 'undelegated':
        this.#wants.park(want)
        return [...this.#cancelOthers(want), ...this.#askAgain(peer, want, now)]
      case 'refused':
        this.#wants.refuse(want)
        return this.#cancelOthers(want)
      case 'empty':
        this.#fail(want, peer)
        return want.pinned ? [] : this.#strike(peer, 'broke', now)
      case 'bad':
        return this.#betrayed(peer, want)
      case 'failed':
        this.#fail(want, peer)
        return this.#strike(peer, 'failed', now)
      case 'newer':
        this.#newer.add(peer, want.head, now)
        this.#wants.fail(want, peer)
        return []
      case 'forgotten':
        return this.#putOff(want)
      case 'local':
        if (++this.#localFailures >= limits.MAX_LOCAL_FAILURES) this.#restsUntil = now + limits.LOCAL_REST_MS
        return this.#putOff(want)
    }
  }

  #helped(peer: PeerId, want: Want, helped: boolean, now: number): void {
    if (!helped) return
    this.#localFailures = 0
    this.#peers.forgive(peer, now)
    if (want.isRoot) this.#wants.unpark(want.head.publisher)
  }

  /** It is offered again in a round: so it is tried once in each, and not at all while nothing can be stored. */
  #putOff(want: Want): SyncEffect[] {
    for (const peer of want.offeredBy) this.#rounds.spoil(peer)
    this.#wants.done(want)
    return this.#cancelOthers(want)
  }

  /** It was told and is not held: only whole heads tell it again. A pinned head is offered with each answer as long as it is missing. */
  #fail(want: Want, peer: PeerId): void {
    if (!want.pinned) this.#rounds.spoil(peer)
    this.#wants.fail(want, peer)
  }

  #betrayed(peer: PeerId, want: Want): SyncEffect[] {
    this.#wants.fail(want, peer)
    return this.#drop(peer, 'bad record')
  }

  /** Starts every range that may start: the most reliable peers first, two ranges each, root feeds first. */
  #schedule(now: number): SyncEffect[] {
    const effects: SyncEffect[] = []
    if (now < this.#restsUntil || this.#wants.size === 0) return this.#wakeAt(now)
    let places = limits.MAX_RANGES - this.#asks.ranges
    for (const peer of this.#peers.free(now))
      while (places > 0 && this.#peers.mayAskRange(peer)) {
        const want = this.#wants.pickFor(peer)
        if (want === null) break
        const ask = this.#asks.beginRange(peer, want, now)
        effects.push({ do: 'askRange', ask, peer, head: want.head, from: want.from, pinned: want.pinned })
        places--
      }
    return [...effects, ...this.#wakeAt(now)]
  }

  /** New root records may pin a branch; who has a feed has the root that delegates it. */
  #askAgain(peer: PeerId, { head }: Want, now: number): SyncEffect[] {
    return this.#rounds.askOne(peer, head.publisher, now)
  }

  #giveUp(id: number, { peer, want }: Ask, now: number): SyncEffect[] {
    this.#asks.end(id, peer)
    if (want) this.#fail(want, peer)
    return [{ do: 'cancel', ask: id }, ...this.#strike(peer, 'failed', now)]
  }

  #cancel(isMeant: (ask: Ask) => boolean): SyncEffect[] {
    const meant = [...this.#asks].filter(([, ask]) => isMeant(ask))
    for (const [id, { peer }] of meant) this.#asks.end(id, peer)
    return meant.map(([ask]) => ({ do: 'cancel', ask }))
  }

  /** An answer changed what is to be asked. */
  #cancelOthers(want: Want): SyncEffect[] {
    return want.askedOf.size === 0 ? [] : this.#cancel(ask => ask.want === want)
  }

  #subscribeAll(): SyncEffect[] {
    return this.#peers.ids().flatMap(peer => this.#subscribe(peer))
  }

  #subscribe(peer: PeerId): SyncEffect[] {
    return [{ do: 'subscribe', peer, publishers: this.#followed.ids }]
  }

  #strike(peer: PeerId, what: 'broke' | 'failed', now: number): SyncEffect[] {
    return this.#peers.strike(peer, what, now) ? this.#drop(peer, 'unreliable') : []
  }

  #drop(peer: PeerId, why: DropReason): SyncEffect[] {
    return this.#peers.has(peer) ? [...this.#forget(peer, true), { do: 'dropPeer', peer, why }] : []
  }

  #forget(peer: PeerId, isDropped: boolean): SyncEffect[] {
    const effects = this.#cancel(ask => ask.peer === peer)
    this.#rounds.left(peer, !isDropped && !this.#wants.hasOffers(peer))
    this.#peers.delete(peer)
    this.#wants.dropPeer(peer)
    return effects
  }

  #wakeAt(now: number): SyncEffect[] {
    let at = Math.min(this.#rounds.nextAt(now), this.#asks.nextAt())
    if (this.#restsUntil > now) at = Math.min(at, this.#restsUntil)
    return [{ do: 'wakeAt', at }]
  }
}
