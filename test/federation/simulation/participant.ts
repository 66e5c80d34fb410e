import type { PeerId } from '../../../src/protocol/index.ts'

/** One end of a link: an honest node, or a hostile peer. */
export interface Participant {
  readonly peer: PeerId
  readonly isHonest: boolean
  /** Whether a connection with it is held. */
  admits(other: PeerId): boolean
  connected(other: PeerId): void
  disconnected(other: PeerId): void
  /** An announcement. */
  hears(from: Participant, bytes: Uint8Array): void
  /** Answers a request of the feed protocol. */
  answers(from: PeerId, payload: Uint8Array, signal: AbortSignal): AsyncIterable<Uint8Array>
  /** A part of an answer reached who asked. */
  delivered?(to: PeerId, part: Uint8Array): void
}
