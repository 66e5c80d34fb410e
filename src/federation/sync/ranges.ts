import type { PeerId } from '../../protocol/index.ts'
import type { Asks, Pace } from './asks.ts'
import type { Departures } from './departures.ts'
import type { Offer, RangeOutcome, SyncEffect } from './effects.ts'
import type { HeadRounds, Taken } from './head-rounds.ts'
import { LOCAL_REST_MS, MAX_LOCAL_FAILURES, MAX_RANGES } from './limits.ts'
import { NewerFeeds } from './newer-feeds.ts'
import type { SyncPeers } from './sync-peers.ts'
import type { Want } from './want.ts'
import type { Wants } from './wants.ts'

type Peers = Pick<SyncPeers, 'forgive' | 'free' | 'mayAskRange' | 'paces'>
type Requests = Pick<Asks, 'beginRange' | 'cancel' | 'ranges'>
type Rounds = Pick<HeadRounds, 'askOne' | 'spoil'>
type Blame = Pick<Departures, 'drop' | 'strike'>
type Part = Extract<RangeOutcome, { is: 'more' }>

/** Asks for the ranges that end at wanted tips, and decides what each answer makes of its want and of its peer. */
export class Ranges {
  readonly #peers: Peers
  readonly #asks: Requests
  readonly #wants: Wants
  readonly #rounds: Rounds
  readonly #blame: Blame
  readonly #newer = new NewerFeeds()
  #localFailures = 0
  /** No range is asked for before. */
  #restsUntil = 0

  constructor(peers: Peers, asks: Requests, wants: Wants, rounds: Rounds, blame: Blame) {
    this.#peers = peers
    this.#asks = asks
    this.#wants = wants
    this.#rounds = rounds
    this.#blame = blame
  }

  /** How full each bounded structure is. */
  get sizes() {
    return { newerFeeds: this.#newer.size }
  }

  /** When ranges are asked for again after failures of this node's own, ms; infinity: they are. */
  restsUntil(now: number): number {
    return this.#restsUntil > now ? this.#restsUntil : Number.POSITIVE_INFINITY
  }

  /** Wants what a peer offers of followed publishers, as far as there is room. */
  offered(peer: PeerId, offers: readonly Offer[], now: number): Taken {
    let heads = 0
    let isAll = true
    for (const { head, pinned } of offers) {
      if (this.#newer.has(peer, head, now)) continue
      if (this.#wants.offer(head, pinned, peer)) heads++
      else isAll &&= pinned
    }
    return { heads, isAll }
  }

  /** Starts every range that may start: the most reliable peers first, two ranges each, root feeds first. */
  start(now: number): SyncEffect[] {
    const effects: SyncEffect[] = []
    if (now < this.#restsUntil || this.#wants.size === 0) return effects
    let places = MAX_RANGES - this.#asks.ranges
    for (const peer of this.#peers.free(now))
      while (places > 0 && this.#peers.mayAskRange(peer)) {
        const want = this.#wants.pickFor(peer, this.#peers.paces.isNew(peer))
        if (want === null) break
        effects.push(this.#ask(peer, want, now))
        places--
      }
    return effects
  }

  /** The range that a peer was asked for was answered, or asking for it failed. */
  ended(peer: PeerId, want: Want, outcome: RangeOutcome, now: number, pace: Pace): SyncEffect[] {
    switch (outcome.is) {
      case 'held':
        this.#helped(peer, want, outcome.helped, now)
        this.#wants.done(want)
        return [...this.#cancelOthers(want), ...(outcome.helped && want.isRoot ? this.#askAgain(peer, want, now) : [])]
      case 'more':
        this.#helped(peer, want, outcome.helped, now)
        want.from = Math.max(want.from ?? 1, outcome.next)
        return outcome.short
          ? this.#dripped(want)
          : [...this.#cancelOthers(want), ...this.#goOn(peer, want, outcome, now, pace)]
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
        this.#failed(peer, want)
        return want.pinned ? [] : this.#blame.strike(peer, 'broke', now)
      case 'bad':
        return this.#betrayed(peer, want)
      case 'failed':
        this.#failed(peer, want)
        return this.#blame.strike(peer, 'failed', now)
      case 'newer':
        this.#newer.add(peer, want.head, now)
        this.#wants.fail(want, peer)
        return []
      case 'forgotten':
        return this.#putOff(want)
      case 'local':
        if (++this.#localFailures >= MAX_LOCAL_FAILURES) this.#restsUntil = now + LOCAL_REST_MS
        return this.#putOff(want)
    }
  }

  #ask(peer: PeerId, want: Want, now: number): SyncEffect {
    const ask = this.#asks.beginRange(peer, want, now)
    const { head, from, pinned } = want
    return { do: 'askRange', ask, peer, head, from, pinned, enoughBytes: this.#peers.paces.bytesOf(peer) }
  }

  /** Others are asked too, and whoever is goes on: else many that drip end each range before it is here. */
  #dripped(want: Want): SyncEffect[] {
    want.feed.widen()
    return []
  }

  /** Who brings a chain quickly is asked for more at once, and for the rest of it, unless that peer is asked for something else before. */
  #goOn(peer: PeerId, want: Want, { bytes, helped }: Part, now: number, pace: Pace): SyncEffect[] {
    if (!helped || pace === 'late') return []
    want.feed.narrow()
    if (pace === 'slow') return []
    want.feed.endTrials()
    this.#peers.paces.cameQuickly(peer, bytes)
    const mayStart = now >= this.#restsUntil && this.#asks.ranges < MAX_RANGES
    return mayStart && this.#wants.pickFor(peer) === want ? [this.#ask(peer, want, now)] : []
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
  #failed(peer: PeerId, want: Want): void {
    if (!want.pinned) this.#rounds.spoil(peer)
    this.#wants.fail(want, peer)
  }

  #betrayed(peer: PeerId, want: Want): SyncEffect[] {
    this.#wants.fail(want, peer)
    return this.#blame.drop(peer, 'bad record')
  }

  /** New root records may pin a branch; who has a feed has the root that delegates it. */
  #askAgain(peer: PeerId, { head }: Want, now: number): SyncEffect[] {
    return this.#rounds.askOne(peer, head.publisher, now)
  }

  /** An answer changed what is to be asked. */
  #cancelOthers(want: Want): SyncEffect[] {
    return want.askedOf.size === 0 ? [] : this.#asks.cancel(ask => ask.want === want)
  }
}
