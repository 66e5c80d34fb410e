import type { Connection, PeerId as Libp2pPeerId } from '@libp2p/interface'
import { TokenBucket } from '../../../federation/index.ts'
import { siteOfAddress } from '../address-group.ts'
import { CIRCUITS_IN_ALL, CIRCUITS_PER_PEER, MAX_COUNTED_PEERS, MAX_RESERVATIONS_PER_HOST } from './limits.ts'

/** What a relay asks before it serves, as part of libp2p's connection gater. */
export interface RelayGater {
  denyInboundRelayReservation(source: Libp2pPeerId): boolean
  denyOutboundRelayedConnection(source: Libp2pPeerId, destination: Libp2pPeerId): boolean
}

export interface RelayRulesPorts {
  connectionsOf(peer: Libp2pPeerId): readonly Pick<Connection, 'remoteAddr'>[]
  /** Multiaddrs of those that hold a reservation, by peer. */
  reservations(): Iterable<readonly [peer: string, address: string]>
  /** Monotonic time, ms. */
  now(): number
}

/** Keeps one address from all reservations, and one peer from all circuits. */
export class RelayRules implements RelayGater {
  readonly #ports: RelayRulesPorts
  /** Those that opened a circuit last come last. */
  readonly #opened = new Map<string, TokenBucket>()
  readonly #all: TokenBucket

  constructor(ports: RelayRulesPorts) {
    this.#ports = ports
    this.#all = new TokenBucket(CIRCUITS_IN_ALL, ports.now())
  }

  denyInboundRelayReservation(source: Libp2pPeerId): boolean {
    const sites = new Set(
      this.#ports.connectionsOf(source).map(({ remoteAddr }) => siteOfAddress(remoteAddr.toString())),
    )
    // All who come through a proxy of this site seem to be at one address of it.
    sites.delete(null)
    let held = 0
    for (const [peer, address] of this.#ports.reservations())
      if (peer !== source.toString() && sites.has(siteOfAddress(address))) held++
    return held >= MAX_RESERVATIONS_PER_HOST
  }

  denyOutboundRelayedConnection(source: Libp2pPeerId): boolean {
    const now = this.#ports.now()
    const own = this.#bucketOf(source.toString(), now)
    if (own.waitMsOf(1, now) > 0 || this.#all.waitMsOf(1, now) > 0) return true
    own.charge(1, now)
    this.#all.charge(1, now)
    return false
  }

  #bucketOf(peer: string, now: number): TokenBucket {
    const bucket = this.#opened.get(peer) ?? new TokenBucket(CIRCUITS_PER_PEER, now)
    this.#opened.delete(peer)
    this.#opened.set(peer, bucket)
    const [oldest] = this.#opened.keys()
    if (this.#opened.size > MAX_COUNTED_PEERS && oldest !== undefined) this.#opened.delete(oldest)
    return bucket
  }
}
