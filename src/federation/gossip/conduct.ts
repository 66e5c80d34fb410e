import type { PeerId } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import { TokenBucket } from '../streams/token-bucket.ts'
import { perWindow } from './budgets.ts'
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
  /** Messages dropped unread, foreign topics and faults that are borne. */
  readonly dropped: TokenBucket
  readonly topics: TokenBucket
  readonly faults: TokenBucket
  isOut: boolean
}

/** How each peer behaves on its gossip stream: what is read of it, and when it is enough. */
export class Conduct {
  readonly #lines = new BoundedMap<PeerId, Line>(limits.MAX_BUDGETS)

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
    return this.#end(line, line.dropped.charge(1, now) > 0) ? 'out' : 'drop'
  }

  /** Topics named that this network does not have; true ends the session. */
  foreignTopics(peer: PeerId, count: number, now: number): boolean {
    const line = this.#lineOf(peer, now)
    return this.#end(line, line.topics.charge(count, now) > 0)
  }

  /** The peer sent what no honest peer sends; true, once, ends the session. */
  fault(peer: PeerId, now: number): boolean {
    const line = this.#lineOf(peer, now)
    return this.#end(line, line.faults.charge(1, now) > 0)
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
    const line = this.#lines.get(peer) ?? freshLine(now)
    this.#lines.set(peer, line)
    return line
  }
}

const freshLine = (now: number): Line => ({
  messages: new TokenBucket(limits.PEER_RPCS, now),
  bytes: new TokenBucket(limits.PEER_RPC_BYTES, now),
  dropped: new TokenBucket(perWindow(limits.MAX_DROPPED_MESSAGES), now),
  topics: new TokenBucket(perWindow(limits.MAX_FOREIGN_TOPICS), now),
  faults: new TokenBucket(perWindow(limits.MAX_FAULTS - 1), now), // the one after these ends it
  isOut: false,
})
