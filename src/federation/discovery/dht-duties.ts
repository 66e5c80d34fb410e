import type { PeerId, PublisherId } from '../../protocol/index.ts'
import * as limits from './limits.ts'

/** What is asked of the DHT. */
export type DhtAsk =
  /** Who serves this publisher? Answer with `found`. */
  | { readonly do: 'lookUp'; readonly publisher: PublisherId }
  /** Tell the DHT that this node serves a publisher. Answer with `provided`. */
  | { readonly do: 'provide'; readonly publisher: PublisherId }
  /** Who is in the network? Answer with `walked`. */
  | { readonly do: 'walk' }

interface Duty {
  readonly publisher: PublisherId
  /** Next time, ms. */
  at: number
}

interface LookUp extends Duty {
  /** Next time while a connected peer serves the publisher, ms. */
  calmAt: number
  /** Time to the one after the next, ms: who looks in vain looks ever more seldom. */
  everyMs: number
  /** When it was asked last, ms. */
  askedAt: number
}

/** When to ask the DHT what, and who is said to serve which publisher. */
export class DhtDuties {
  readonly #jittered: (ms: number) => number
  readonly #lookUps = new Map<PublisherId, LookUp>()
  readonly #provides = new Map<PublisherId, Duty>()
  readonly #found = new Map<PublisherId, Set<PeerId>>()
  readonly #claimed = new Map<PublisherId, Set<PeerId>>()
  /** Connected peers that named heads. */
  readonly #named = new Map<PublisherId, Set<PeerId>>()
  readonly #busy = new Set<string>()
  /** Next walk, ms, and next walk while no connection is missing. */
  readonly #walk = { at: 0, calmAt: 0 }

  constructor(random: () => number) {
    this.#jittered = ms => ms * (0.8 + 0.4 * random())
  }

  serve(follows: readonly PublisherId[], provides: readonly PublisherId[], now: number): void {
    setDuties(this.#lookUps, follows, publisher => ({
      ...{ publisher, at: now, calmAt: now },
      ...{ everyMs: limits.LOOKUP_EVERY_MS, askedAt: Number.NEGATIVE_INFINITY },
    }))
    setDuties(this.#provides, provides, publisher => ({ publisher, at: now }))
    for (const holders of [this.#found, this.#claimed, this.#named])
      for (const publisher of holders.keys()) if (!this.#lookUps.has(publisher)) holders.delete(publisher)
  }

  /** A first connection is there after there was none: look-ups begin anew, but who comes and goes does not hasten them. */
  reconnected(now: number): void {
    for (const duty of this.#lookUps.values()) {
      const soon = now + this.#jittered(limits.LOOKUP_AGAIN_MS)
      duty.at = Math.min(duty.at, Math.max(soon, duty.askedAt + limits.LOOKUP_EVERY_MS))
      duty.everyMs = limits.LOOKUP_EVERY_MS
    }
  }

  /** Whether the publisher is still wanted. */
  found(publisher: PublisherId, peers: readonly PeerId[]): boolean {
    this.#busy.delete(`lookUp ${publisher}`)
    if (!this.#lookUps.has(publisher)) return false
    this.#found.set(publisher, new Set(peers))
    return true
  }

  provided(publisher: PublisherId, ok: boolean, now: number): void {
    this.#busy.delete(`provide ${publisher}`)
    const duty = this.#provides.get(publisher)
    if (duty && !ok) duty.at = now + this.#jittered(limits.LOOKUP_EVERY_MS)
  }

  walked(): void {
    this.#busy.delete('walk')
  }

  /** A node record says that its node mirrors these; a few for each publisher are remembered. */
  claims(peer: PeerId, publishers: readonly PublisherId[], isGone: (peer: PeerId) => boolean): void {
    for (const publisher of publishers) {
      if (!this.#lookUps.has(publisher)) continue
      const claimed = this.#claimed.get(publisher) ?? new Set()
      this.#claimed.set(publisher, claimed)
      if (claimed.size >= limits.MAX_PROVIDERS) for (const each of claimed) if (isGone(each)) claimed.delete(each)
      if (claimed.size < limits.MAX_PROVIDERS) claimed.add(peer)
    }
  }

  /** A connected peer named heads of these: it serves them as long as it is here. */
  names(peer: PeerId, publishers: Iterable<PublisherId>): void {
    for (const publisher of publishers) {
      if (!this.#lookUps.has(publisher)) continue
      const named = this.#named.get(publisher) ?? new Set()
      this.#named.set(publisher, named)
      if (named.size < limits.MAX_PROVIDERS) named.add(peer)
    }
  }

  /** The last connection with a peer went down. */
  gone(peer: PeerId): void {
    for (const named of this.#named.values()) named.delete(peer)
  }

  /** Peers said to serve a followed publisher that no connected peer is said to serve. */
  onlyHolders(isConnected: (peer: PeerId) => boolean): Set<PeerId> {
    const unheld = this.unheld(isConnected)
    return new Set(unheld.flatMap(publisher => this.#holdersOf(publisher)))
  }

  /** Whether the peer is the one connected peer that is said to serve some followed publisher. */
  isSoleHolder(peer: PeerId, isConnected: (peer: PeerId) => boolean): boolean {
    if (!isConnected(peer)) return false
    const isOther = (each: PeerId) => each !== peer && isConnected(each)
    const said = [this.#named, this.#found, this.#claimed]
    const isHolder = (publisher: PublisherId) => said.some(holders => holders.get(publisher)?.has(peer) === true)
    return this.#lookUps.keys().some(publisher => isHolder(publisher) && !this.#isHeld(publisher, isOther))
  }

  /** Followed publishers that no connected peer is said to serve. */
  unheld(isConnected: (peer: PeerId) => boolean): PublisherId[] {
    return [...this.#lookUps.keys()].filter(publisher => !this.#isHeld(publisher, isConnected))
  }

  /** What is due; `isLacking`: the node has too few connections. */
  asks(isConnected: (peer: PeerId) => boolean, isLacking: boolean, now: number): DhtAsk[] {
    const asks: DhtAsk[] = []
    const start = (ask: DhtAsk, key: string, at: number, every: number): number => {
      if (at > now || this.#busy.has(key) || this.#busy.size >= limits.MAX_DHT_ASKS) return at
      this.#busy.add(key)
      asks.push(ask)
      return now + this.#jittered(every)
    }
    const walkDue = isLacking ? this.#walk.at : this.#walk.calmAt
    const walkAt = start({ do: 'walk' }, 'walk', walkDue, limits.LOOKUP_EVERY_MS)
    if (walkAt !== walkDue) Object.assign(this.#walk, { at: walkAt, calmAt: this.#calmAfter(now) })
    for (const duty of this.#lookUps.values()) {
      const { publisher } = duty
      if (this.#isHeld(publisher, isConnected)) {
        duty.at = Math.min(duty.at, now + limits.LOOKUP_EVERY_MS)
        duty.everyMs = limits.LOOKUP_EVERY_MS
      }
      const due = this.#dueOf(duty, isConnected)
      const at = start({ do: 'lookUp', publisher }, `lookUp ${publisher}`, due, duty.everyMs)
      if (at === due) continue
      const everyMs = Math.min(2 * duty.everyMs, limits.CALM_LOOKUP_EVERY_MS)
      Object.assign(duty, { at, calmAt: this.#calmAfter(now), everyMs, askedAt: now })
    }
    for (const duty of this.#provides.values()) {
      const { publisher } = duty
      duty.at = start({ do: 'provide', publisher }, `provide ${publisher}`, duty.at, limits.PROVIDE_EVERY_MS)
    }
    return asks
  }

  /** When something comes due, ms. */
  nextDue(isConnected: (peer: PeerId) => boolean, now: number): number {
    const lookUps = [...this.#lookUps.values()].map(duty => this.#dueOf(duty, isConnected))
    const times = [this.#walk.at, this.#walk.calmAt, ...lookUps, ...[...this.#provides.values()].map(({ at }) => at)]
    return Math.min(now + limits.LOOKUP_EVERY_MS, ...times.filter(at => at > now))
  }

  #calmAfter(now: number): number {
    return now + this.#jittered(limits.CALM_LOOKUP_EVERY_MS)
  }

  #isHeld(publisher: PublisherId, isConnected: (peer: PeerId) => boolean): boolean {
    const said = [this.#named, this.#found, this.#claimed]
    return said.some(holders => holders.get(publisher)?.values().some(isConnected) === true)
  }

  #dueOf({ publisher, at, calmAt }: LookUp, isConnected: (peer: PeerId) => boolean): number {
    return this.#isHeld(publisher, isConnected) ? calmAt : at
  }

  #holdersOf(publisher: PublisherId): PeerId[] {
    const said = [this.#found, this.#claimed, this.#named].flatMap(holders => [...(holders.get(publisher) ?? [])])
    return [...new Set(said)]
  }
}

function setDuties<D extends Duty>(
  duties: Map<PublisherId, D>,
  publishers: readonly PublisherId[],
  begin: (publisher: PublisherId) => D,
): void {
  const wanted = new Set(publishers)
  for (const publisher of duties.keys()) if (!wanted.has(publisher)) duties.delete(publisher)
  for (const publisher of wanted) if (!duties.has(publisher)) duties.set(publisher, begin(publisher))
}
