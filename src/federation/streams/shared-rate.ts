import type { PeerId } from '../../protocol/index.ts'
import type { Clock } from './clock.ts'
import { BULK_WAIT_MS, MIN_RATE_BURST_BYTES, TURNS_BEFORE_BULK } from './limits.ts'
import { TokenBucket } from './token-bucket.ts'

export interface SharedRatePorts {
  readonly bytesPerSecond: number
  /** Whether a protocol's bytes can wait: artifacts can, records and searches go first. */
  readonly isBulk: (protocol: string) => boolean
  readonly clock: Clock
}

interface Waiting {
  readonly bytes: number
  readonly go: () => void
}

/**
 * One direction of a node's link, over all peers and protocols. What is not bulk goes first, with every fifth turn left to bulk; among
 * each the peers take turns, however many requests one has. A message that may go is sent whole, and paid for by those after it.
 */
export class SharedRate {
  readonly #ports: SharedRatePorts
  readonly #burstBytes: number
  readonly #first = new PeerTurns()
  readonly #bulk = new PeerTurns()
  readonly #link: TokenBucket
  #turnsWithoutBulk = 0
  #cancelTimer: (() => void) | null = null

  constructor(ports: SharedRatePorts) {
    this.#ports = ports
    this.#burstBytes = Math.max(MIN_RATE_BURST_BYTES, ports.bytesPerSecond)
    this.#link = new TokenBucket({ burst: this.#burstBytes, perSecond: ports.bytesPerSecond }, ports.clock.now())
  }

  /** Resolves when these bytes may pass; rejects with the signal's reason, and charges nothing then. */
  async take(peer: PeerId, protocol: string, bytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const turns = this.#ports.isBulk(protocol) ? this.#bulk : this.#first
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting = { bytes, go: resolve }
    const giveUp = () => {
      turns.remove(peer, waiting)
      reject(signal.reason)
    }
    turns.add(peer, waiting)
    signal.addEventListener('abort', giveUp, { once: true })
    this.#serve()
    await promise.finally(() => signal.removeEventListener('abort', giveUp))
  }

  /** Whether another bulk request of this peer would wait so long for its turn that it had better ask elsewhere. */
  isCrowdedFor(peer: PeerId, protocol: string): boolean {
    if (!this.#ports.isBulk(protocol)) return false
    const { own, heads, peers } = this.#bulk.loadFor(peer)
    const bytes = own * (peers + 1) + heads
    return bytes * 1000 > BULK_WAIT_MS * this.#ports.bytesPerSecond
  }

  #serve(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    for (;;) {
      const isBulk = this.#isTurnOfBulk()
      const turns = isBulk ? this.#bulk : this.#first
      if (turns.isEmpty) return
      // Bulk alone waits until all is paid; whoever has a right to its turn may go ahead by one burst.
      const leastBytes = isBulk && this.#first.isEmpty ? 0 : -this.#burstBytes
      const now = this.#ports.clock.now()
      const waitMs = this.#link.waitMsOf(leastBytes, now)
      if (waitMs > 0) {
        this.#cancelTimer = this.#ports.clock.after(Math.ceil(waitMs) + 1, () => this.#serve())
        return
      }
      const next = turns.next()
      this.#turnsWithoutBulk = isBulk ? 0 : this.#turnsWithoutBulk + 1
      this.#link.charge(next.bytes, now)
      next.go()
    }
  }

  #isTurnOfBulk(): boolean {
    if (this.#bulk.isEmpty) {
      this.#turnsWithoutBulk = 0
      return false
    }
    return this.#first.isEmpty || this.#turnsWithoutBulk >= TURNS_BEFORE_BULK
  }
}

/** Those that wait, one of each peer in turn. */
class PeerTurns {
  readonly #waiting = new Map<PeerId, Waiting[]>()

  get isEmpty(): boolean {
    return this.#waiting.size === 0
  }

  add(peer: PeerId, waiting: Waiting): void {
    const own = this.#waiting.get(peer)
    if (own === undefined) this.#waiting.set(peer, [waiting])
    else own.push(waiting)
  }

  /** The peer whose turn it was comes last. */
  next(): Waiting {
    const [turn] = this.#waiting
    const first = turn?.[1].shift()
    if (turn === undefined || first === undefined) throw new TypeError('nobody waits')
    const [peer, rest] = turn
    this.#waiting.delete(peer)
    if (rest.length > 0) this.#waiting.set(peer, rest)
    return first
  }

  remove(peer: PeerId, waiting: Waiting): void {
    const own = this.#waiting.get(peer) ?? []
    const at = own.indexOf(waiting)
    if (at === -1) return
    own.splice(at, 1)
    if (own.length === 0) this.#waiting.delete(peer)
  }

  /** Bytes that wait of this peer, those at the head of each other's, and how many those are. */
  loadFor(peer: PeerId): { readonly own: number; readonly heads: number; readonly peers: number } {
    const own = (this.#waiting.get(peer) ?? []).reduce((sum, { bytes }) => sum + bytes, 0)
    let heads = 0
    let peers = 0
    for (const [other, [head]] of this.#waiting) {
      if (other === peer) continue
      heads += head?.bytes ?? 0
      peers++
    }
    return { own, heads, peers }
  }
}
