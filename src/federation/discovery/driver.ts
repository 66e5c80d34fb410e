import type { PeerId, PublisherId } from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import type { GroupOf, Source } from './candidates.ts'
import { DialError, type DialFailure } from './dial-failure.ts'
import type { DiscoveryEffect, PeerAddress, PeerStanding } from './effects.ts'
import { DHT_ASK_MS, DIAL_TIMEOUT_MS, MAX_PROVIDERS } from './limits.ts'
import { DiscoveryMachine } from './machine.ts'
import type { Borne } from './search-cover.ts'

/** libp2p, as far as finding peers needs it. */
export interface DiscoveryNetwork {
  /** Rejects with a `DialError` if the peer cannot be reached or is another one. */
  dial(peer: PeerAddress, options: { readonly signal: AbortSignal }): Promise<void>
  /** Never rejects. */
  hangUp(peer: PeerId): Promise<void>
  /**
   * Tells of each peer, with the multiaddr of its end: of those connected already at once, of others with their first connection; the
   * answer stops listening.
   */
  onConnect(listener: (peer: PeerId, direction: 'inbound' | 'outbound', address: string) => void): () => void
  /** The last connection to a peer went down, `wasCut`: neither side closed it; the answer stops listening. */
  onDisconnect(listener: (peer: PeerId, wasCut: boolean) => void): () => void
  /** DHT lookup by publisher id. */
  findProviders(publisher: PublisherId, options: { readonly signal: AbortSignal }): AsyncIterable<PeerAddress>
  /** A walk to a random place of the DHT: those met there. */
  walk(options: { readonly signal: AbortSignal }): AsyncIterable<PeerAddress>
  /** DHT announcement by publisher id. */
  provide(publisher: PublisherId, options: { readonly signal: AbortSignal }): Promise<void>
}
export interface DiscoveryPorts {
  readonly network: DiscoveryNetwork
  readonly clock: Clock
  /** 0 (inclusive) to 1. */
  readonly random: () => number
  readonly self: PeerId
  readonly groupOf: GroupOf
  /** Whether a file or an answer passes with that peer now, or this node is reached through it; absent: never. */
  readonly isAtWork?: (peer: PeerId) => boolean
  /** Those to dial first after a restart, whenever they may have changed. */
  readonly onAnchors?: (anchors: readonly PeerAddress[]) => void
  /** The first dial of a peer that was never connected failed. */
  readonly onUnreachable?: (peer: PeerId, why: DialFailure) => void
}

/** Carries out what the peer keeper decides. */
export class DiscoveryDriver implements AsyncDisposable {
  readonly #network: DiscoveryNetwork
  readonly #clock: Clock
  readonly #machine: DiscoveryMachine
  readonly #abort = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #listening = new DisposableStack()
  readonly #ports: DiscoveryPorts
  #cancelWake = () => {}

  constructor(ports: DiscoveryPorts) {
    const { network, clock } = ports
    this.#ports = ports
    this.#network = network
    this.#clock = clock
    this.#machine = new DiscoveryMachine(ports)
    const disconnected = (peer: PeerId, wasCut: boolean) =>
      this.#do(this.#machine.disconnected(peer, wasCut, clock.now()))
    this.#listening.defer(network.onDisconnect(disconnected))
    const connected = (peer: PeerId, way: 'inbound' | 'outbound', address: string) =>
      this.#do(this.#machine.connected(peer, way, address, clock.now()))
    this.#listening.defer(network.onConnect(connected))
  }

  /** Peers heard of: from the address book, bootstrap, mDNS, or the records that the peer `from` told. */
  heard(peers: readonly PeerAddress[], source: Source, from: PeerId | null = null): void {
    this.#do(this.#machine.heard(peers, source, this.#clock.now(), from))
  }

  /** A node says in its record that it mirrors these publishers. */
  claims(peer: PeerId, publishers: readonly PublisherId[]): void {
    if (publishers.length > 0) this.#do(this.#machine.claims(peer, publishers, this.#clock.now()))
  }

  /** A node says in its record of which publishers, by their tags, it holds public packages. */
  says(peer: PeerId, held: readonly string[]): void {
    this.#machine.says(peer, held)
  }

  /** This node searches and has the packages of these publishers itself: connected peers should hold those of all others. */
  searches(followed: ReadonlySet<string>, borneOut: (peer: PeerId) => Borne): void {
    this.#do(this.#machine.searches(followed, borneOut, this.#clock.now()))
  }

  /** A connected peer says what it speaks; one that speaks nothing of this network may stay, and takes no place. */
  identified(peer: PeerId, isOfNetwork: boolean): void {
    this.#do(this.#machine.identified(peer, isOfNetwork, this.#clock.now()))
  }

  /** A peer brought records that verified and were missing here. */
  brought(peer: PeerId): void {
    this.#machine.brought(peer, this.#clock.now())
  }

  /** A connected peer named heads of these publishers. */
  names(peer: PeerId, publishers: Iterable<PublisherId>): void {
    this.#machine.names(peer, publishers)
  }

  /** Whether connections are missing. */
  get isLacking(): boolean {
    return this.#machine.isLacking
  }

  /** Followed publishers that no connected peer is said to serve. */
  unheld(): readonly PublisherId[] {
    return this.#machine.unheld()
  }

  /** What kept a peer from being connected is gone: its next dial is due now. */
  hasten(peer: PeerId): void {
    this.#do(this.#machine.hasten(peer, this.#clock.now()))
  }

  /** A peer that is not to be dialled any more. */
  forget(peer: PeerId): void {
    this.#machine.forget(peer)
  }

  /** How it stands with one peer. */
  standing(peer: PeerId): PeerStanding {
    return this.#machine.standing(peer)
  }

  /** Publishers to look up, and those to announce: own and mirrored ones that have public records, no others. */
  serve(follows: readonly PublisherId[], provides: readonly PublisherId[]): void {
    this.#do(this.#machine.serve(follows, provides, this.#clock.now()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    this.#cancelWake()
    this.#listening.dispose()
    await Promise.all(this.#running)
  }

  #do(effects: readonly DiscoveryEffect[]): void {
    if (this.#abort.signal.aborted) return
    for (const effect of effects) {
      if (effect.do === 'wakeAt') this.#wakeAt(effect.at)
      else if (effect.do === 'report') this.#ports.onUnreachable?.(effect.peer, effect.why)
      else if (effect.do === 'anchor') this.#ports.onAnchors?.(effect.peers)
      else this.#run(this.#carryOut(effect))
    }
  }

  #wakeAt(at: number): void {
    this.#cancelWake()
    const wake = () => this.#do(this.#machine.wake(this.#clock.now()))
    this.#cancelWake = this.#clock.after(Math.max(0, at - this.#clock.now()), wake)
  }

  #run(work: Promise<void>): void {
    const running = work.finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  async #carryOut(effect: Exclude<DiscoveryEffect, { do: 'wakeAt' | 'report' | 'anchor' }>): Promise<void> {
    switch (effect.do) {
      case 'dial':
        return this.#dial(effect)
      case 'hangUp':
        return this.#network.hangUp(effect.peer)
      case 'walk':
        return this.#walk()
      case 'lookUp':
        return this.#lookUp(effect.publisher)
      case 'provide':
        return this.#provide(effect.publisher)
    }
  }

  async #dial(to: PeerAddress): Promise<void> {
    try {
      await this.#within(DIAL_TIMEOUT_MS, signal => this.#network.dial(to, { signal }))
    } catch (error) {
      const why = error instanceof DialError ? error.failure : 'failed'
      this.#do(this.#machine.dialFailed(to.peer, why, this.#clock.now()))
    }
  }

  async #lookUp(publisher: PublisherId): Promise<void> {
    const found = await this.#within(DHT_ASK_MS, signal => someOf(this.#network.findProviders(publisher, { signal })))
    this.#do(this.#machine.found(publisher, found, this.#clock.now()))
  }

  async #walk(): Promise<void> {
    const met = await this.#within(DHT_ASK_MS, signal => someOf(this.#network.walk({ signal })))
    this.#do(this.#machine.walked(met, this.#clock.now()))
  }

  async #provide(publisher: PublisherId): Promise<void> {
    let ok = true
    try {
      await this.#within(DHT_ASK_MS, signal => this.#network.provide(publisher, { signal }))
    } catch {
      ok = false
    }
    this.#do(this.#machine.provided(publisher, ok, this.#clock.now()))
  }

  /** `work` with a signal that ends it after `ms`, or when this stops. */
  async #within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const late = new AbortController()
    const cancel = this.#clock.after(ms, () => late.abort(new DOMException('late', 'TimeoutError')))
    try {
      return await work(AbortSignal.any([this.#abort.signal, late.signal]))
    } finally {
      cancel()
    }
  }
}

/** As many as are believed of one answer of the DHT; where it breaks off, what came until then is as good a hint. */
async function someOf(answer: AsyncIterable<PeerAddress>): Promise<readonly PeerAddress[]> {
  const some: PeerAddress[] = []
  try {
    for await (const each of answer) {
      some.push(each)
      if (some.length >= MAX_PROVIDERS) break
    }
  } catch {
    // A hint less.
  }
  return some
}
