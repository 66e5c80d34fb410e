import { BoundedMap } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'

/** Peers with figures: all connections three times over; the one not heard of for longest is forgotten. */
export const MAX_PEERS = 1_024
/** Reasons kept for one peer: more than there are, and a bound should one ever carry a peer's words. */
export const MAX_REASONS = 64

/** What passed between this node and one peer since it was first heard of. */
export interface PeerFigures {
  /** Bytes over the kept streams and in announcements. */
  readonly received: number
  readonly sent: number
  /** Its requests and messages beyond their budget: those that waited, and those that were refused. */
  readonly paced: number
  readonly busy: number
  /** What it sent and this node refused, by reason. */
  readonly refusals: Readonly<Record<string, number>>
}
interface Line {
  received: number
  sent: number
  paced: number
  busy: number
  readonly refusals: Map<string, number>
}

/** Counts what each peer sends, gets and is refused, for the operator to see. */
export class PeerLedger {
  /** Those heard of longest ago come first. */
  readonly #lines = new BoundedMap<PeerId, Line>(MAX_PEERS)

  received(peer: PeerId, bytes: number): void {
    this.#lineOf(peer).received += bytes
  }

  sent(peer: PeerId, bytes: number): void {
    this.#lineOf(peer).sent += bytes
  }

  over(peer: PeerId, how: 'paced' | 'busy'): void {
    this.#lineOf(peer)[how]++
  }

  refused(peer: PeerId, why: string): void {
    const { refusals } = this.#lineOf(peer)
    const reason = refusals.has(why) || refusals.size < MAX_REASONS ? why : 'other'
    refusals.set(reason, (refusals.get(reason) ?? 0) + 1)
  }

  /** All zero for a peer that nothing passed with. */
  figuresOf(peer: PeerId): PeerFigures {
    const { refusals = new Map<string, number>(), ...line } = this.#lines.get(peer) ?? newLine()
    return { ...line, refusals: Object.fromEntries(refusals) }
  }

  #lineOf(peer: PeerId): Line {
    const line = this.#lines.get(peer) ?? newLine()
    this.#lines.set(peer, line)
    return line
  }
}

const newLine = (): Line => ({ received: 0, sent: 0, paced: 0, busy: 0, refusals: new Map() })
