import type { FeedHead, PeerId, PublisherId } from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import type { DropReason, Failure, SyncEffect } from './effects.ts'
import { fetchRange } from './fetch-range.ts'
import { Freshness } from './freshness.ts'
import { failureOf } from './from-peer.ts'
import { HeadRequests, type HeadRequestsPorts } from './head-requests.ts'
import type { Intake } from './intake.ts'
import { SyncMachine } from './machine.ts'
import { RangesAhead } from './ranges-ahead.ts'
import { Subscriptions } from './subscriptions.ts'
import type { PeerRank } from './sync-peers.ts'

export interface SyncPorts extends Pick<HeadRequestsPorts, 'client' | 'pinnedHeads' | 'isListed' | 'everything'> {
  readonly intake: Intake
  readonly clock: Clock
  /** 0 (inclusive) to 1. */
  readonly random: () => number
  /** Ends the session with a peer. */
  readonly dropPeer: (peer: PeerId, why: DropReason) => void
  /** A peer named these heads by its subscription. */
  readonly onNamed?: (peer: PeerId, heads: readonly FeedHead[]) => void
  /** A peer named heads of these followed publishers, by its subscription or when it was asked. */
  readonly onHolds?: (peer: PeerId, publishers: ReadonlySet<PublisherId>) => void
}

/** Carries out what the sync machine decides: asks, verifies, commits, and tells it how that went. */
export class SyncDriver implements AsyncDisposable {
  readonly #ports: SyncPorts
  readonly #machine: SyncMachine
  readonly #freshness = new Freshness()
  readonly #heads: HeadRequests
  readonly #ahead: RangesAhead
  readonly #subscriptions: Subscriptions
  readonly #asks = new Map<number, AbortController>()
  readonly #running = new Set<Promise<void>>()
  readonly #waiting = new Set<() => void>()
  #cancelWake = () => {}
  #closed = false

  constructor(ports: SyncPorts) {
    this.#ports = ports
    this.#machine = new SyncMachine(ports.random)
    this.#heads = new HeadRequests({
      ...ports,
      isHeld: head => ports.intake.holds(head.id),
      isFollowed: publisher => this.#machine.isFollowed(publisher),
      named: (peer, heads) => {
        this.#freshness.named(peer, heads)
        ports.onHolds?.(peer, new Set(heads.map(({ publisher }) => publisher)))
      },
    })
    const { client, intake } = ports
    this.#ahead = new RangesAhead({
      client,
      verify: intake.verify,
      onLie: peer => this.#do(this.#machine.lied(peer, this.#now)),
    })
    this.#subscriptions = new Subscriptions({
      ...ports,
      missing: (peer, heads, publishers) => this.#heads.missing(heads, publishers, { peer }),
      onOffers: (peer, offers) => this.#do(this.#machine.offered(peer, null, offers, this.#now)),
      onEnd: peer => this.#machine.unsubscribed(peer),
    })
  }

  /** Whether nothing is asked and nothing known to be missing. */
  get idle(): boolean {
    return this.#machine.idle
  }

  /**
   * Resolves with how many peers told all heads of these followed publishers, once they are `peers` and all that they told is held,
   * or when the signal aborts.
   */
  caughtUp(publishers: readonly PublisherId[], peers: number, signal: AbortSignal): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>()
    const meant = new Set(publishers)
    const look = () => {
      const { told, isMissing } = this.#machine.standingOf(meant)
      if (signal.aborted || (told >= peers && !isMissing)) resolve(told)
    }
    this.#waiting.add(look)
    signal.addEventListener('abort', look, { once: true })
    look()
    return promise.finally(() => {
      this.#waiting.delete(look)
      signal.removeEventListener('abort', look)
    })
  }

  /** How full each bounded structure is. */
  get sizes() {
    return {
      ...this.#subscriptions.sizes,
      rangesAhead: this.#ahead.size,
      namedTurns: this.#heads.size,
      ...this.#machine.sizes,
    }
  }

  connected(peer: PeerId, rank: PeerRank): void {
    this.#do(this.#machine.connected(peer, rank, this.#now))
  }

  disconnected(peer: PeerId): void {
    this.#subscriptions.end(peer)
    this.#ahead.drop(peer)
    this.#do(this.#machine.disconnected(peer, this.#now))
  }

  follow(publishers: readonly PublisherId[]): void {
    this.#do(this.#machine.follow(publishers, this.#now))
  }

  unfollow(...publishers: readonly PublisherId[]): void {
    for (const publisher of publishers) this.#freshness.forget(publisher)
    this.#do(this.#machine.unfollow(publishers, this.#now))
  }

  /** How long ago a peer that holds a publisher last confirmed what is known of it here, ms; null: not since the start. */
  confirmed(publisher: PublisherId): { readonly ageMs: number | null; readonly isMissing: boolean } {
    const at = this.#freshness.confirmedAt(publisher)
    return { ageMs: at === null ? null : this.#now - at, isMissing: this.#machine.isMissing(publisher) }
  }

  /** Gossip from `source` showed that records of `publisher` are missing. */
  gap(publisher: PublisherId, source: PeerId): void {
    this.#do(this.#machine.gap(publisher, source, this.#now))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#cancelWake()
    for (const controller of this.#asks.values()) controller.abort()
    await Promise.all([
      ...this.#running,
      this.#subscriptions[Symbol.asyncDispose](),
      this.#ahead[Symbol.asyncDispose](),
    ])
  }

  get #now(): number {
    return this.#ports.clock.now()
  }

  #do(effects: readonly SyncEffect[]): void {
    if (this.#closed) return
    for (const effect of effects) this.#doOne(effect)
    for (const look of this.#waiting) look()
  }

  #doOne(effect: SyncEffect): void {
    switch (effect.do) {
      case 'askHeads':
        this.#run(this.#askHeads(effect))
        break
      case 'askRange':
        this.#run(this.#askRange(effect))
        break
      case 'subscribe':
        this.#subscriptions.open(effect.peer, effect.publishers)
        break
      case 'cancel':
        this.#asks.get(effect.ask)?.abort()
        break
      case 'dropPeer':
        this.#subscriptions.end(effect.peer)
        this.#ahead.drop(effect.peer)
        this.#ports.dropPeer(effect.peer, effect.why)
        break
      case 'wakeAt':
        this.#cancelWake()
        this.#cancelWake = this.#ports.clock.after(Math.max(0, effect.at - this.#now), () =>
          this.#do(this.#machine.wake(this.#now)),
        )
    }
  }

  #run(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #askHeads(effect: Extract<SyncEffect, { do: 'askHeads' }>): Promise<void> {
    const { ask, peer } = effect
    const told = await this.#withSignal(ask, signal =>
      this.#heads.ask(effect, signal, () => this.#machine.answering(ask, this.#now)),
    )
    if (typeof told === 'string') return this.#do(this.#machine.headsFailed(peer, ask, told, this.#now))
    const isWhole = !told.answer.isOver && !told.answer.isCut
    if (isWhole) this.#freshness.answered(peer, told.asked, this.#now)
    this.#do(this.#machine.offered(peer, ask, told.offers, this.#now, told.answer))
  }

  async #askRange(effect: Extract<SyncEffect, { do: 'askRange' }>): Promise<void> {
    const { client, intake } = this.#ports
    const outcome = await this.#withSignal(effect.ask, signal =>
      fetchRange(client, intake, effect, signal, this.#ahead, () => this.#machine.arrived(effect.ask)),
    )
    const ranged = typeof outcome === 'string' ? { is: outcome } : outcome
    const effects = this.#machine.ranged(effect.peer, effect.ask, ranged, this.#now)
    const next = effects.find(
      each => each.do === 'askRange' && each.peer === effect.peer && each.head.id === effect.head.id,
    )
    this.#ahead.leave(effect, next?.do === 'askRange' ? next.from : null)
    this.#do(effects)
  }

  async #withSignal<T>(ask: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | Failure> {
    const controller = new AbortController()
    this.#asks.set(ask, controller)
    try {
      return await work(controller.signal)
    } catch (error) {
      return failureOf(error)
    } finally {
      this.#asks.delete(ask)
    }
  }
}
