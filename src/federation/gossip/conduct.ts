import type { PeerId } from '../../protocol/index.ts'
import { TokenBucket } from '../streams/token-bucket.ts'
import * as limits from './limits.ts'

/** What no honest peer sends by gossip. */
export type Fault =
  | 'size'
  | 'shape'
  | 'signature'
  | 'not decodable'
  | 'too long'
  | 'foreign topic'
  | 'though graylisted'
  | 'flood'

interface Line {
  readonly messages: TokenBucket
  readonly bytes: TokenBucket
  /** Messages dropped unread, foreign topics and faults, each drained to zero in one window. */
  dropped: number
  topics: number
  faults: number
  at: number
  isOut: boolean
}

/** How each peer behaves on its gossip stream: what is read of it, and when it is enough. */
export class Conduct {
  readonly #lines = new Map<PeerId, Line>()

  /** A gossip message of this length came, not yet decoded: `drop` is not to be decoded, `out` ends the session. */
  message(peer: PeerId, bytes: number, now: number): 'take' | 'drop' | 'out' {
    const line = this.#lineOf(peer, now)
    if (line.isOut) return 'drop'
    const waitMs = Math.max(line.messages.waitMsOf(1, now), line.bytes.waitMsOf(bytes, now))
    if (waitMs === 0) {
      line.messages.charge(1, now)
      line.bytes.charge(bytes, now)
      return 'take'
    }
    line.dropped++
    return this.#end(line, line.dropped > limits.MAX_DROPPED_MESSAGES) ? 'out' : 'drop'
  }

  /** Topics named that this network does not have; true ends the session. */
  foreignTopics(peer: PeerId, count: number, now: number): boolean {
    const line = this.#lineOf(peer, now)
    line.topics += count
    return this.#end(line, line.topics > limits.MAX_FOREIGN_TOPICS)
  }

  /** The peer sent what no honest peer sends; true, once, ends the session. */
  fault(peer: PeerId, now: number): boolean {
    const line = this.#lineOf(peer, now)
    line.faults++
    return this.#end(line, line.faults >= limits.MAX_FAULTS)
  }

  /** Whether nothing of the peer is looked at any more, until it is forgotten. */
  isOut(peer: PeerId): boolean {
    return this.#lines.get(peer)?.isOut ?? false
  }

  /** The peer left; one that was ended begins anew if it may come again, of others all that they used is remembered. */
  left(peer: PeerId): void {
    if (this.isOut(peer)) this.#lines.delete(peer)
  }

  #end(line: Line, isEnough: boolean): boolean {
    if (!isEnough || line.isOut) return false
    line.isOut = true
    return true
  }

  #lineOf(peer: PeerId, now: number): Line {
    const line = this.#lines.get(peer) ?? {
      ...{ messages: new TokenBucket(limits.PEER_RPCS, now), bytes: new TokenBucket(limits.PEER_RPC_BYTES, now) },
      ...{ dropped: 0, topics: 0, faults: 0, at: now, isOut: false },
    }
    const share = Math.min(1, Math.max(0, now - line.at) / limits.BUDGET_WINDOW_MS)
    line.dropped = Math.max(0, line.dropped - share * limits.MAX_DROPPED_MESSAGES)
    line.topics = Math.max(0, line.topics - share * limits.MAX_FOREIGN_TOPICS)
    line.faults = Math.max(0, line.faults - share * limits.MAX_FAULTS)
    line.at = now
    this.#lines.delete(peer)
    this.#lines.set(peer, line)
    if (this.#lines.size > limits.MAX_BUDGETS) this.#lines.delete(this.#lines.keys().next().value!)
    return line
  }
}
