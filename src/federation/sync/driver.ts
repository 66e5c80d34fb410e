import {
  encodeFeedRequest,
  type FeedHead,
  MAX_ASKED_PUBLISHERS,
  type PeerId,
  type PublisherId,
  parseHeads,
} from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import { type FeedClient, fetchRange } from './fetch-range.ts'
import type { Intake } from './intake.ts'
import { MAX_HEADS_PARTS, MAX_SUBSCRIPTIONS_PER_PEER } from './limits.ts'
import { type DropReason, type Offer, type PeerRank, type SyncEffect, SyncMachine } from './machine.ts'

export interface SyncPorts {
  readonly client: FeedClient
  readonly intake: Intake
  readonly clock: Clock
  /** 0 (inclusive) to 1. */
  readonly random: () => number
  /** Ends the session with a peer. */
  readonly dropPeer: (peer: PeerId, why: DropReason) => void
  /** Heads that voids of this publisher name as the true branch; held or not. */
  readonly pinnedHeads?: (publisher: PublisherId) => Promise<readonly FeedHead[]>
}

/** Carries out what the sync machine decides: asks, verifies, commits, and tells it how that went. */
export class SyncDriver implements AsyncDisposable {
  readonly #ports: SyncPorts
  readonly #machine: SyncMachine
  readonly #asks = new Map<number, AbortController>()
  readonly #subscriptions = new Map<PeerId, AbortController>()
  readonly #running = new Set<Promise<void>>()
  #cancelWake = () => {}
  #closed = false

  constructor(ports: SyncPorts) {
    this.#ports = ports
    this.#machine = new SyncMachine(ports.random)
  }

  /** Whether nothing is asked and nothing known to be missing. */
  get idle(): boolean {
    return this.#machine.idle
  }

  connected(peer: PeerId, rank: PeerRank): void {
    this.#do(this.#machine.connected(peer, rank, this.#now))
  }

  disconnected(peer: PeerId): void {
    this.#unsubscribe(peer)
    this.#do(this.#machine.disconnected(peer, this.#now))
  }

  follow(publishers: readonly PublisherId[]): void {
    this.#do(this.#machine.follow(publishers, this.#now))
  }

  unfollow(publisher: PublisherId): void {
    this.#do(this.#machine.unfollow(publisher))
  }

  /** Gossip from `source` showed that records of `publisher` are missing. */
  gap(publisher: PublisherId, source: PeerId): void {
    this.#do(this.#machine.gap(publisher, source, this.#now))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    this.#cancelWake()
    for (const controller of [...this.#asks.values(), ...this.#subscriptions.values()]) controller.abort()
    await Promise.all(this.#running)
  }

  get #now(): number {
    return this.#ports.clock.now()
  }

  #do(effects: readonly SyncEffect[]): void {
    if (this.#closed) return
    for (const effect of effects) this.#doOne(effect)
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
        this.#subscribe(effect.peer, effect.publishers)
        break
      case 'cancel':
        this.#asks.get(effect.ask)?.abort()
        break
      case 'dropPeer':
        this.#unsubscribe(effect.peer)
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

  async #askHeads({ ask, peer, publishers }: Extract<SyncEffect, { do: 'askHeads' }>): Promise<void> {
    const offers = await this.#withSignal(ask, async signal => {
      const named = await this.#headsOf(peer, publishers, signal)
      return named === 'bad' ? named : [...named, ...(await this.#pinned(publishers))]
    })
    if (offers === 'failed' || offers === 'bad')
      return this.#do(this.#machine.headsFailed(peer, ask, offers === 'bad', this.#now))
    this.#do(this.#machine.offered(peer, ask, offers, this.#now))
  }

  async #askRange(effect: Extract<SyncEffect, { do: 'askRange' }>): Promise<void> {
    const { client, intake } = this.#ports
    const outcome = await this.#withSignal(effect.ask, signal => fetchRange(client, intake, effect, signal))
    this.#do(
      this.#machine.ranged(effect.peer, effect.ask, outcome === 'failed' ? { is: 'failed' } : outcome, this.#now),
    )
  }

  async #withSignal<T>(ask: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | 'failed'> {
    const controller = new AbortController()
    this.#asks.set(ask, controller)
    try {
      return await work(controller.signal)
    } catch {
      return 'failed' // the peer, the way to it or our disk: each is tried again elsewhere and later
    } finally {
      this.#asks.delete(ask)
    }
  }

  async #headsOf(peer: PeerId, publishers: readonly PublisherId[], signal: AbortSignal): Promise<Offer[] | 'bad'> {
    const request = encodeFeedRequest({ ask: 'heads', publishers })
    const offers: Offer[] = []
    let parts = 0
    for await (const part of this.#ports.client.request(peer, request, { signal })) {
      const heads = parseHeads(part)
      if (heads === null || ++parts > MAX_HEADS_PARTS) return 'bad'
      offers.push(...(await this.#missing(heads, false)))
    }
    return offers
  }

  /** One long-lived request a 256 publishers, replaced when what is followed changes. */
  #subscribe(peer: PeerId, publishers: readonly PublisherId[]): void {
    this.#unsubscribe(peer)
    const controller = new AbortController()
    this.#subscriptions.set(peer, controller)
    const most = Math.min(publishers.length, MAX_ASKED_PUBLISHERS * MAX_SUBSCRIPTIONS_PER_PEER)
    for (let i = 0; i < most; i += MAX_ASKED_PUBLISHERS)
      this.#run(this.#listen(peer, publishers.slice(i, i + MAX_ASKED_PUBLISHERS), controller.signal))
  }

  async #listen(peer: PeerId, publishers: readonly PublisherId[], signal: AbortSignal): Promise<void> {
    const request = encodeFeedRequest({ ask: 'subscribe', publishers })
    try {
      for await (const part of this.#ports.client.request(peer, request, { signal })) {
        const heads = parseHeads(part)
        if (heads === null || signal.aborted) return
        const offers = await this.#missing(heads, false)
        if (offers.length > 0) this.#do(this.#machine.offered(peer, null, offers, this.#now))
      }
    } catch {
      // A subscription is a convenience: rounds find what it would have told.
    }
  }

  #unsubscribe(peer: PeerId): void {
    this.#subscriptions.get(peer)?.abort()
    this.#subscriptions.delete(peer)
  }

  async #pinned(publishers: readonly PublisherId[]): Promise<Offer[]> {
    const heads = await Promise.all(
      publishers.map(async publisher => (await this.#ports.pinnedHeads?.(publisher)) ?? []),
    )
    return this.#missing(heads.flat(), true)
  }

  async #missing(heads: readonly FeedHead[], pinned: boolean): Promise<Offer[]> {
    const held = await Promise.all(heads.map(head => this.#ports.intake.store.envelope(head.id)))
    return heads.filter((_, i) => held[i] === null).map(head => ({ head, pinned }))
  }
}
