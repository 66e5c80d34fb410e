import { MAX_CREDIT_BYTES, MAX_OPEN_REQUESTS } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { MAX_WAITING_REQUESTS } from './limits.ts'

interface Waiting {
  readonly creditBytes: number
  readonly enter: () => void
  readonly reject: (error: unknown) => void
}

/** The places of one stream: at most 64 requests and 4 MiB of credit at once, in the order they were asked for. */
export class Places {
  readonly #waiting: Waiting[] = []
  #requests = 0
  #creditBytes = 0

  /** Takes a place if there is room and nobody waits. */
  enterNow(creditBytes: number): boolean {
    if (this.#waiting.length > 0 || !this.#hasRoom(creditBytes)) return false
    this.#occupy(creditBytes)
    return true
  }

  /** Resolves when there is room; rejects with the signal's reason or, when too many wait, `E_BUSY`. */
  async enter(creditBytes: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.enterNow(creditBytes)) return
    if (this.#waiting.length >= MAX_WAITING_REQUESTS) {
      throw new FederationError('E_BUSY', `more than ${MAX_WAITING_REQUESTS} requests wait for this peer`)
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting = { creditBytes, enter: resolve, reject }
    const giveUp = () => {
      const at = this.#waiting.indexOf(waiting)
      if (at === -1) return
      this.#waiting.splice(at, 1)
      reject(signal.reason)
      this.#admit()
    }
    this.#waiting.push(waiting)
    signal.addEventListener('abort', giveUp, { once: true })
    await promise.finally(() => signal.removeEventListener('abort', giveUp))
  }

  /** The peer's credit of a request is gone: the request ended or was cancelled. */
  returnCredit(creditBytes: number): void {
    this.#creditBytes -= creditBytes
    this.#admit()
  }

  /** The peer no longer holds the request. */
  leave(): void {
    this.#requests--
    this.#admit()
  }

  /** Everyone who waits is refused: the stream is gone. */
  close(error: FederationError): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(error)
  }

  #hasRoom(creditBytes: number): boolean {
    return this.#requests < MAX_OPEN_REQUESTS && this.#creditBytes + creditBytes <= MAX_CREDIT_BYTES
  }

  #occupy(creditBytes: number): void {
    this.#requests++
    this.#creditBytes += creditBytes
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next.creditBytes); next = this.#waiting[0]) {
      this.#waiting.shift()
      this.#occupy(next.creditBytes)
      next.enter()
    }
  }
}
