import type { PeerId } from '../../protocol/index.ts'
import { FAILED_TOGETHER_MS, MAX_STRIKES, MAX_STRUCK_PEERS, STRIKE_AGE_MS } from './limits.ts'

interface Entry {
  /** At `at`; one is forgiven in each STRIKE_AGE_MS since. */
  readonly strikes: number
  readonly at: number
  /** The last failure that was counted. */
  readonly failedAt: number
}

/**
 * What peers did not keep, remembered when they disconnect: redialling wipes nothing out. Time does, and so does help, so that
 * no honest peer is kept out for long. Bounded: the least guilty is forgotten first, which an attacker's own entries are not
 * until they are as guilty as the ones they are to push out.
 */
export class Strikes {
  readonly #entries = new Map<PeerId, Entry>()

  /** Peers remembered. */
  get size(): number {
    return this.#entries.size
  }

  /** Strikes of a peer now, 0 to MAX_STRIKES, not whole. */
  of(peer: PeerId, now: number): number {
    return aged(this.#entries.get(peer), now)
  }

  /** An offer was not kept. */
  broke(peer: PeerId, now: number): void {
    this.#add(peer, 1, now, this.#entries.get(peer)?.failedAt ?? Number.NEGATIVE_INFINITY)
  }

  /** An answer was late or the way to the peer broke; what fails together counts once, so that one lost connection does. */
  failed(peer: PeerId, now: number): void {
    const last = this.#entries.get(peer)?.failedAt ?? Number.NEGATIVE_INFINITY
    if (now - last >= FAILED_TOGETHER_MS) this.#add(peer, 1, now, now)
  }

  /** An answer helped. */
  forgive(peer: PeerId, now: number): void {
    const entry = this.#entries.get(peer)
    if (entry) this.#add(peer, -1, now, entry.failedAt)
  }

  #add(peer: PeerId, change: number, now: number, failedAt: number): void {
    const strikes = Math.min(MAX_STRIKES, this.of(peer, now) + change)
    this.#entries.delete(peer)
    if (strikes > 0) this.#entries.set(peer, { strikes, at: now, failedAt })
    if (this.#entries.size > MAX_STRUCK_PEERS) this.#entries.delete(this.#leastGuilty(now))
  }

  #leastGuilty(now: number): PeerId {
    let least: readonly [PeerId, number] | null = null
    for (const [peer, entry] of this.#entries) {
      const strikes = aged(entry, now)
      if (least === null || strikes < least[1]) least = [peer, strikes]
    }
    return least![0]
  }
}

const aged = (entry: Entry | undefined, now: number): number =>
  entry === undefined ? 0 : Math.max(0, entry.strikes - Math.max(0, now - entry.at) / STRIKE_AGE_MS)
