import type { PeerId, PublisherId } from '../../protocol/index.ts'
import { Candidates, type GroupOf, type Source } from './candidates.ts'
import { Connections } from './connections.ts'
import { Departures } from './departures.ts'
import { DhtDuties } from './dht-duties.ts'
import type { DialFailure } from './dial-failure.ts'
import { lackOf } from './dial-order.ts'
import { Dials } from './dials.ts'
import type { DiscoveryEffect, PeerAddress, PeerStanding } from './effects.ts'
import * as limits from './limits.ts'
import { Rotation } from './rotation.ts'
import { type Borne, SearchCover } from './search-cover.ts'

export interface DiscoveryMachineParts {
  readonly self: PeerId
  /** 0 (inclusive) to 1. */
  readonly random: () => number
  readonly groupOf: GroupOf
  /** Whether a file or an answer passes with that peer now, or this node is reached through it; absent: never. */
  readonly isAtWork?: (peer: PeerId) => boolean
}

/**
 * The peer keeper: 12 connections at least, 8 of them of its own choice and from different parts of the network, pinned peers always;
 * now and then somebody new; and the DHT as a last resort. Everything it hears is a hint: a wrong one costs a dial. Pure: `now` (ms)
 * comes in.
 */
export class DiscoveryMachine {
  readonly #parts: DiscoveryMachineParts
  readonly #candidates: Candidates
  readonly #connections = new Connections()
  readonly #dht: DhtDuties
  readonly #rotation: Rotation
  readonly #cover = new SearchCover()
  readonly #dials: Dials
  readonly #departures: Departures
  readonly #isConnected = (peer: PeerId): boolean => this.#connections.has(peer)
  readonly #isOfUse = (peer: PeerId): boolean => this.#connections.isOfUse(peer)

  constructor(parts: DiscoveryMachineParts) {
    this.#parts = parts
    const { random, isAtWork } = parts
    this.#candidates = new Candidates(parts.groupOf)
    this.#dht = new DhtDuties(random)
    this.#rotation = new Rotation(random)
    const [candidates, connections, dht] = [this.#candidates, this.#connections, this.#dht]
    const known = { candidates, connections, dht, cover: this.#cover, rotation: this.#rotation, random }
    this.#dials = new Dials(known)
    this.#departures = new Departures({ ...known, isAtWork })
  }

  /** Peers were heard of; `from`: the peer that told. */
  heard(peers: readonly PeerAddress[], source: Source, now: number, from: PeerId | null = null): DiscoveryEffect[] {
    this.#add(peers, source, from)
    return this.#decide(now)
  }

  /** A node says that it mirrors these publishers. */
  claims(peer: PeerId, publishers: readonly PublisherId[], now: number): DiscoveryEffect[] {
    const isGone = (each: PeerId) => !this.#isConnected(each) && this.#candidates.get(each) === undefined
    this.#dht.claims(peer, publishers, isGone)
    return this.#decide(now)
  }

  /** A node says of which publishers, by their tags, it holds public packages. */
  says(peer: PeerId, held: readonly string[]): void {
    this.#cover.says(peer, held)
  }

  /** This node searches and follows the publishers of these tags: connected peers should hold all others. */
  searches(followed: ReadonlySet<string>, borneOut: (peer: PeerId) => Borne, now: number): DiscoveryEffect[] {
    this.#cover.searches(followed, borneOut, now)
    return this.#decide(now)
  }

  /** What kept a peer from being connected is gone. */
  hasten(peer: PeerId, now: number): DiscoveryEffect[] {
    const known = this.#candidates.get(peer)
    if (known) known.notBefore = now
    return this.#decide(now)
  }

  /** The operator removed a peer, or it was dropped for a fault. */
  forget(peer: PeerId): void {
    this.#candidates.remove(peer)
  }

  /** The first connection to a peer came up, at that address as it is seen from here. */
  connected(peer: PeerId, way: 'inbound' | 'outbound', address: string | null, now: number): DiscoveryEffect[] {
    const isChosen = this.#dials.has(peer) && !this.#cover.isChosen(peer)
    const isOwn = way === 'outbound' && (isChosen || this.#candidates.isPinned(peer))
    this.#dials.succeeded(peer)
    if (this.#connections.sizeOfNetwork === 0) this.#dht.reconnected(now)
    this.#connections.up(peer, { way, isOwn }, address === null ? null : this.#parts.groupOf(address), now)
    this.#candidates.succeeded(peer, way === 'outbound', address)
    const gone = this.#departures.forNewcomer(peer, now)
    return [...(gone === null ? [] : [hangUp(gone)]), ...this.#decide(now)]
  }

  /** `wasCut`: neither side closed the connection. Who was told to go is not called back, who told us to go is not pressed, and who goes at once is dialled ever more seldom. */
  disconnected(peer: PeerId, wasCut: boolean, now: number): DiscoveryEffect[] {
    this.#forgetHolder(peer)
    const isBrief = this.#connections.isJustDialled(peer, now)
    const wasWanted = this.#connections.down(peer)
    if (isBrief) this.#candidates.unmeet(peer)
    else if (!wasWanted && wasCut) this.#candidates.lost(peer, now)
    this.#candidates.failed(peer, now, this.#parts.random(), isBrief && wasCut ? 'hungUp' : null)
    return this.#decide(now)
  }

  /** A connected peer said what it speaks: something of this network, or it holds and serves nothing here. */
  identified(peer: PeerId, isOfNetwork: boolean, now: number): DiscoveryEffect[] {
    this.#connections.identified(peer, isOfNetwork)
    if (!isOfNetwork) this.#forgetHolder(peer)
    return this.#decide(now)
  }

  /** A peer brought records that verified and were missing here. */
  brought(peer: PeerId, now: number): void {
    this.#connections.proven(peer, now)
  }

  /** A connected peer named heads of these publishers. */
  names(peer: PeerId, publishers: Iterable<PublisherId>): void {
    if (this.#isOfUse(peer)) this.#dht.names(peer, publishers)
  }

  dialFailed(peer: PeerId, why: DialFailure, now: number): DiscoveryEffect[] {
    return [...this.#dials.failed(peer, why, now), ...this.#decide(now)]
  }

  standing(peer: PeerId): PeerStanding {
    if (this.#isConnected(peer)) return { state: 'connected' }
    const why = this.#candidates.get(peer)?.why ?? null
    return why === null ? { state: 'dialling' } : { state: 'unreachable', why }
  }

  /** Whether connections are missing. */
  get isLacking(): boolean {
    return lackOf(this.#connections, 0) !== null
  }

  /** Publishers whose records this node wants, and those with public records it serves. */
  serve(follows: readonly PublisherId[], provides: readonly PublisherId[], now: number): DiscoveryEffect[] {
    this.#dht.serve(follows, provides, now)
    return this.#decide(now)
  }

  /** Followed publishers that no connected peer is said to serve. */
  unheld(): readonly PublisherId[] {
    return this.#dht.unheld(this.#isOfUse)
  }

  /** A lookup ended; nobody found is an answer too. */
  found(publisher: PublisherId, providers: readonly PeerAddress[], now: number): DiscoveryEffect[] {
    const believed = providers.filter(({ peer }) => peer !== this.#parts.self).slice(0, limits.MAX_PROVIDERS)
    const isWanted = this.#dht.found(
      publisher,
      believed.map(({ peer }) => peer),
    )
    if (isWanted) this.#add(believed, 'hint', null)
    return this.#decide(now)
  }

  provided(publisher: PublisherId, ok: boolean, now: number): DiscoveryEffect[] {
    this.#dht.provided(publisher, ok, now)
    return this.#decide(now)
  }

  walked(peers: readonly PeerAddress[], now: number): DiscoveryEffect[] {
    this.#dht.walked()
    this.#add(peers.slice(0, limits.MAX_PROVIDERS), 'hint', null)
    return this.#decide(now)
  }

  wake(now: number): DiscoveryEffect[] {
    return [...this.#dials.late(now), ...this.#decide(now)]
  }

  #forgetHolder(peer: PeerId): void {
    this.#cover.gone(peer)
    this.#dht.gone(peer)
  }

  #add(peers: readonly PeerAddress[], source: Source, from: PeerId | null): void {
    for (const { peer, addresses } of peers)
      if (peer !== this.#parts.self) this.#candidates.add(peer, addresses, source, from)
  }

  #decide(now: number): DiscoveryEffect[] {
    const effects = [...this.#dials.rotate(now), ...this.#dials.next(now)]
    if (this.#connections.sizeOfNetwork > 0) effects.push(...this.#dht.asks(this.#isOfUse, this.isLacking, now))
    effects.push(...this.#departures.due(now).map(hangUp))
    return [...effects, { do: 'wakeAt', at: this.#nextWake(now) }]
  }

  #nextWake(now: number): number {
    let at = Math.min(
      this.#dht.nextDue(this.#isOfUse, now),
      this.#cover.nextDue(now),
      this.#connections.nextQuiet(),
      this.#rotation.nextAt ?? Number.POSITIVE_INFINITY,
      this.#dials.nextDue(),
    )
    if (this.#connections.size > limits.KEPT_CONNECTIONS) at = Math.min(at, now + limits.NEWCOMER_MS)
    if (this.#candidates.hasHearsay && this.isLacking) at = Math.min(at, now + limits.GUESS_MS)
    for (const { peer, notBefore } of this.#candidates.solid())
      if (notBefore > now && !this.#isConnected(peer)) at = Math.min(at, notBefore)
    return at
  }
}

const hangUp = (peer: PeerId): DiscoveryEffect => ({ do: 'hangUp', peer })
