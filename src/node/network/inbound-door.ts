import type { Clock } from '../../federation/index.ts'

/** Handshakes under way at once: libp2p refuses the 101st. Of one address fewer, so that it keeps no other out. */
export const MAX_HANDSHAKES = 96
export const MAX_HANDSHAKES_PER_ADDRESS = 64
/** Sockets kept waiting, in all, some 10 kB each. */
export const MAX_WAITING_SOCKETS = 1_024
/** A place whose handshake failed stays taken from its address this long, ms: garbage fails at once, and each costs a millisecond: 13 a second at most of one address. */
export const FAILED_REST_MS = 5_000
/** Places of one address that failed together come back this far apart, ms: not all of them in one turn of the loop, at which everybody waits. */
export const FAILED_APART_MS = FAILED_REST_MS / MAX_HANDSHAKES_PER_ADDRESS
/** Longest wait of a socket, ms: as long as libp2p gives a handshake, and a dialler in all. */
export const MAX_WAIT_MS = 10_000

export type HandshakeEnd = 'done' | 'failed'
export type Leave = (end: HandshakeEnd) => void

interface Waiting {
  readonly mayEnter: boolean
  end(isIn: boolean): void
}

/**
 * Where connections wait before their handshake. To close what is too much at once only brings it back at once, and each time costs
 * more than it: so it waits, unread, for a place or for being refused. An address that has more waiting than others loses first.
 */
export class InboundDoor {
  readonly #clock: Clock
  #handshakes = 0
  readonly #handshakesOf = new Map<string, number>()
  /** When the last failed place of an address comes back, ms. */
  readonly #backAt = new Map<string, number>()
  /** By address; whose turn it was goes last. */
  readonly #waitingOf = new Map<string, Set<Waiting>>()
  #waiting = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get sizes() {
    return { handshakes: this.#handshakes, waiting: this.#waiting }
  }

  /** Answers, when a handshake may begin, what tells how it ended; null: none may, or the signal aborted. */
  async enter(address: string, signal: AbortSignal): Promise<Leave | null> {
    if (this.#hasPlace(address)) this.#begin(address)
    else if (!(await this.#wait(address, true, signal))) return null
    let isIn = true
    return end => {
      if (isIn) this.#leave(address, end)
      isIn = false
    }
  }

  /** Resolves when a connection that is refused in any case may be closed. */
  async hold(address: string, signal: AbortSignal): Promise<void> {
    await this.#wait(address, false, signal)
  }

  #hasPlace(address: string): boolean {
    const own = this.#handshakesOf.get(address) ?? 0
    return this.#handshakes < MAX_HANDSHAKES && own < MAX_HANDSHAKES_PER_ADDRESS
  }

  #begin(address: string): void {
    this.#handshakes++
    this.#handshakesOf.set(address, (this.#handshakesOf.get(address) ?? 0) + 1)
  }

  #leave(address: string, end: HandshakeEnd): void {
    this.#handshakes--
    if (end === 'done') {
      this.#free(address)
      return
    }
    const now = this.#clock.now()
    const at = Math.max(now + FAILED_REST_MS, (this.#backAt.get(address) ?? 0) + FAILED_APART_MS)
    this.#backAt.set(address, at)
    this.#clock.after(at - now, () => this.#free(address))
    this.#next()
  }

  #free(address: string): void {
    const left = this.#handshakesOf.get(address)! - 1
    if (left > 0) this.#handshakesOf.set(address, left)
    else {
      this.#handshakesOf.delete(address)
      this.#backAt.delete(address)
    }
    this.#next()
  }

  #next(): void {
    for (const [address, waiting] of this.#waitingOf) {
      const first = this.#hasPlace(address) && [...waiting].find(({ mayEnter }) => mayEnter)
      if (!first) continue
      this.#waitingOf.delete(address)
      this.#waitingOf.set(address, waiting)
      this.#begin(address)
      first.end(true)
      return
    }
  }

  async #wait(address: string, mayEnter: boolean, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const all = this.#waitingOf.get(address) ?? new Set()
    const refuse = () => waiting.end(false)
    const cancelTimer = this.#clock.after(MAX_WAIT_MS, refuse)
    const waiting: Waiting = {
      mayEnter,
      end: isIn => {
        if (!all.delete(waiting)) return
        if (all.size === 0) this.#waitingOf.delete(address)
        this.#waiting--
        cancelTimer()
        signal.removeEventListener('abort', refuse)
        resolve(isIn)
      },
    }
    this.#waitingOf.set(address, all.add(waiting))
    this.#waiting++
    signal.addEventListener('abort', refuse, { once: true })
    if (this.#waiting > MAX_WAITING_SOCKETS) this.#oldestOfMost().end(false)
    return await promise
  }

  #oldestOfMost(): Waiting {
    const [most] = [...this.#waitingOf.values()].toSorted((a, b) => b.size - a.size)
    return most!.values().next().value!
  }
}
