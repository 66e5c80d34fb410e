import type { PeerId } from '../../protocol/index.ts'
import type { DhtAsk } from './dht-duties.ts'
import type { DialFailure } from './dial-failure.ts'

/** What the peer keeper asks its driver to do. */
export type DiscoveryEffect =
  | { readonly do: 'dial'; readonly peer: PeerId; readonly addresses: readonly string[] }
  /** Another is to have its place. */
  | { readonly do: 'hangUp'; readonly peer: PeerId }
  | DhtAsk
  /** Those to dial first after a restart. */
  | { readonly do: 'anchor'; readonly peers: readonly PeerAddress[] }
  /** The first dial of a peer that was never connected failed; its later ones are not told. */
  | { readonly do: 'report'; readonly peer: PeerId; readonly why: DialFailure }
  /** Call `wake` at this time, ms. */
  | { readonly do: 'wakeAt'; readonly at: number }

/** A peer and where it may be dialled. */
export interface PeerAddress {
  readonly peer: PeerId
  /** Multiaddrs; may be empty. */
  readonly addresses: readonly string[]
}

/** How it stands with one peer; `dialling` is also one whose turn is still to come. */
export type PeerStanding =
  | { readonly state: 'connected' | 'dialling' }
  | { readonly state: 'unreachable'; readonly why: DialFailure }
