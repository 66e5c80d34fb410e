import type { PeerId } from '../../protocol/index.ts'
import { MAX_CHECKS_PER_PEER, MAX_WAITING_CHECKS } from './limits.ts'

interface Queue {
  running: number
  readonly waiting: (() => void)[]
}

/** Signature checks under way for each peer: what waits for a peer that is found out is never checked. */
export class CheckPlaces {
  readonly #queues = new Map<PeerId, Queue>()

  /** Resolves true when there is a place, false at once when too many wait. */
  async enter(peer: PeerId): Promise<boolean> {
    const queue = this.#queues.get(peer) ?? { running: 0, waiting: [] }
    this.#queues.set(peer, queue)
    if (queue.running < MAX_CHECKS_PER_PEER) {
      queue.running++
      return true
    }
    if (queue.waiting.length >= MAX_WAITING_CHECKS) return false
    await new Promise<void>(resolve => queue.waiting.push(resolve))
    return true
  }

  leave(peer: PeerId): void {
    const queue = this.#queues.get(peer)
    if (queue === undefined) return
    const next = queue.waiting.shift()
    if (next !== undefined) next()
    else if (--queue.running === 0) this.#queues.delete(peer)
  }
}
