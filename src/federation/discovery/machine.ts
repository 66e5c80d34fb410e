import type { PeerId, PublisherId } from '../../protocol/index.ts'
import { type Candidate, Candidates, compareCandidates, type Source } from './candidates.ts'
import type { DialFailure } from './dial-failure.ts'
import * as limits from './limits.ts'

/** What the peer keeper asks its driver to do. */
export type DiscoveryEffect =
  | { readonly do: 'dial'; readonly peer: PeerId; readonly addresses: readonly string[] }
  /** Who serves this publisher? Answer with `found`. */
  | { readonly do: 'lookUp'; readonly publisher: PublisherId }
  /** Tell the DHT that this node serves a publisher. Answer with `provided`. */
  | { readonly do: 'provide'; readonly publisher: PublisherId }
  /** The first dial of a peer that was never connected failed; its later ones are not told. */
  | { readonly do: 'report'; readonly peer: PeerId; readonly why: DialFailure }
  /** Call `wake` at this time, ms. */
  | { readonly do: 'wakeAt'; readonly at: number }

/** How it stands with one peer; `dialling` is also one whose turn is still to come. */
export type PeerStanding =
  | { readonly state: 'connected' | 'dialling' }
  | { readonly state: 'unreachable'; readonly why: DialFailure }

interface Duty {
  readonly publisher: PublisherId
  /** Next time, ms. */
  at: number
}

/**
 * The peer keeper: 12 to 20 connections, at least 8 of them dialled by us, pinned peers always; and the DHT as a last resort.
 * Everything it hears is a hint: a wrong one costs a dial. Pure: `now` (ms) comes in, `random` (0..1) with the machine.
 */
export class DiscoveryMachine {
  readonly #random: () => number
  readonly #self: PeerId
  readonly #candidates = new Candidates()
  readonly #connections = new Map<PeerId, 'inbound' | 'outbound'>()
  readonly #dialling = new Map<PeerId, number>()
  readonly #lookUps = new Map<PublisherId, Duty>()
  readonly #provides = new Map<PublisherId, Duty>()
  readonly #holders = new Map<PublisherId, Set<PeerId>>()
  readonly #busy = new Set<string>()

  constructor(self: PeerId, random: () => number) {
    this.#self = self
    this.#random = random
  }

  /** A peer was heard of. */
  heard(peer: PeerId, addresses: readonly string[], source: Source, now: number): DiscoveryEffect[] {
    if (peer !== this.#self) this.#candidates.add(peer, addresses, source)
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

  connected(peer: PeerId, direction: 'inbound' | 'outbound', now: number): DiscoveryEffect[] {
    this.#dialling.delete(peer)
    this.#connections.set(peer, direction)
    this.#candidates.succeeded(peer)
    return this.#decide(now)
  }

  disconnected(peer: PeerId, now: number): DiscoveryEffect[] {
    this.#connections.delete(peer)
    this.#candidates.failed(peer, now, this.#random(), null)
    return this.#decide(now)
  }

  dialFailed(peer: PeerId, why: DialFailure, now: number): DiscoveryEffect[] {
    const report = this.#dialling.has(peer) ? this.#giveUp(peer, why, now) : []
    return [...report, ...this.#decide(now)]
  }

  standing(peer: PeerId): PeerStanding {
    if (this.#connections.has(peer)) return { state: 'connected' }
    const why = this.#candidates.get(peer)?.why ?? null
    return why === null ? { state: 'dialling' } : { state: 'unreachable', why }
  }

  /** Publishers whose records this node wants, and those with public records it serves. */
  serve(follows: readonly PublisherId[], provides: readonly PublisherId[], now: number): DiscoveryEffect[] {
    this.#setDuties(this.#lookUps, follows, now)
    this.#setDuties(this.#provides, provides, now)
    for (const publisher of this.#holders.keys()) if (!this.#lookUps.has(publisher)) this.#holders.delete(publisher)
    return this.#decide(now)
  }

  /** A lookup ended; nobody found is an answer too. */
  found(
    publisher: PublisherId,
    providers: readonly { readonly peer: PeerId; readonly addresses: readonly string[] }[],
    now: number,
  ): DiscoveryEffect[] {
    this.#busy.delete(`lookUp ${publisher}`)
    if (!this.#lookUps.has(publisher)) return this.#decide(now)
    const believed = providers.filter(({ peer }) => peer !== this.#self).slice(0, limits.MAX_PROVIDERS)
    this.#holders.set(publisher, new Set(believed.map(({ peer }) => peer)))
    for (const { peer, addresses } of believed) this.#candidates.add(peer, addresses, 'hint')
    return this.#decide(now)
  }

  provided(publisher: PublisherId, ok: boolean, now: number): DiscoveryEffect[] {
    this.#busy.delete(`provide ${publisher}`)
    const duty = this.#provides.get(publisher)
    if (duty && !ok) duty.at = now + this.#jittered(limits.LOOKUP_EVERY_MS)
    return this.#decide(now)
  }

  wake(now: number): DiscoveryEffect[] {
    const late = [...this.#dialling].filter(([, deadline]) => deadline <= now)
    const reports = late.flatMap(([peer]) => this.#giveUp(peer, 'late', now))
    return [...reports, ...this.#decide(now)]
  }

  #giveUp(peer: PeerId, why: DialFailure, now: number): DiscoveryEffect[] {
    this.#dialling.delete(peer)
    const candidate = this.#candidates.get(peer)
    const isNews = candidate !== undefined && !candidate.isKnown
    if (isNews) candidate.isKnown = true
    this.#candidates.failed(peer, now, this.#random(), why)
    return isNews ? [{ do: 'report', peer, why }] : []
  }

  #decide(now: number): DiscoveryEffect[] {
    const effects = [...this.#dials(now), ...this.#dhtAsks(now)]
    return [...effects, { do: 'wakeAt', at: this.#nextWake(now) }]
  }

  #dials(now: number): DiscoveryEffect[] {
    const wanted = [...this.#candidates.all()]
      .filter(({ peer }) => !this.#connections.has(peer) && !this.#dialling.has(peer))
      .map(candidate => ({ candidate, isHolder: this.#isOnlyHolder(candidate.peer), luck: this.#random() }))
      .sort((a, b) => +b.isHolder - +a.isHolder || compareCandidates(a.candidate, b.candidate) || a.luck - b.luck)
    const effects: DiscoveryEffect[] = []
    for (const { candidate, isHolder } of wanted) {
      if (this.#dialling.size >= limits.MAX_DIALS) break
      if (candidate.notBefore > now || !this.#wants(candidate, isHolder)) continue
      this.#dialling.set(candidate.peer, now + limits.DIAL_TIMEOUT_MS)
      effects.push({ do: 'dial', peer: candidate.peer, addresses: candidate.addresses })
    }
    return effects
  }

  #wants(candidate: Candidate, isHolder: boolean): boolean {
    if (candidate.source === 'pinned' || isHolder) return true
    const coming = this.#dialling.size
    const outbound = [...this.#connections.values()].filter(direction => direction === 'outbound').length + coming
    const all = this.#connections.size + coming
    return all < limits.MIN_CONNECTIONS || (outbound < limits.MIN_OUTBOUND && all < limits.ENOUGH_CONNECTIONS)
  }

  /** Whether the peer is said to serve a followed publisher that no connected peer is said to serve. */
  #isOnlyHolder(peer: PeerId): boolean {
    for (const holders of this.#holders.values()) if (holders.has(peer) && !this.#isHeld(holders)) return true
    return false
  }

  #isHeld(holders: ReadonlySet<PeerId> | undefined): boolean {
    for (const peer of holders ?? []) if (this.#connections.has(peer)) return true
    return false
  }

  #dhtAsks(now: number): DiscoveryEffect[] {
    if (this.#connections.size === 0) return [] // nobody to ask
    const effects: DiscoveryEffect[] = []
    const start = (kind: 'lookUp' | 'provide', duty: Duty, every: number) => {
      const key = `${kind} ${duty.publisher}`
      if (duty.at > now || this.#busy.has(key) || this.#busy.size >= limits.MAX_DHT_ASKS) return
      this.#busy.add(key)
      duty.at = now + this.#jittered(every)
      effects.push({ do: kind, publisher: duty.publisher })
    }
    for (const duty of this.#lookUps.values()) {
      const isCalm = this.#isHeld(this.#holders.get(duty.publisher))
      start('lookUp', duty, isCalm ? limits.CALM_LOOKUP_EVERY_MS : limits.LOOKUP_EVERY_MS)
    }
    for (const duty of this.#provides.values()) start('provide', duty, limits.PROVIDE_EVERY_MS)
    return effects
  }

  #setDuties(duties: Map<PublisherId, Duty>, publishers: readonly PublisherId[], now: number): void {
    const wanted = new Set(publishers)
    for (const publisher of duties.keys()) if (!wanted.has(publisher)) duties.delete(publisher)
    for (const publisher of wanted) if (!duties.has(publisher)) duties.set(publisher, { publisher, at: now })
  }

  #nextWake(now: number): number {
    let at = now + limits.LOOKUP_EVERY_MS
    for (const deadline of this.#dialling.values()) at = Math.min(at, deadline)
    for (const { peer, notBefore } of this.#candidates.all())
      if (notBefore > now && !this.#connections.has(peer)) at = Math.min(at, notBefore)
    for (const { at: due } of [...this.#lookUps.values(), ...this.#provides.values()])
      if (due > now) at = Math.min(at, due)
    return at
  }

  #jittered(ms: number): number {
    return ms * (0.8 + 0.4 * this.#random())
  }
}
