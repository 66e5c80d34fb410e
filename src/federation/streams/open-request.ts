import { creditCostOf, type EndStatus } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { AnswerSpeed } from './answer-speed.ts'
import type { Clock } from './clock.ts'
import { errorOfEnd } from './end-errors.ts'

/** What bounds one request at the asking side. */
export interface RequestBounds {
  /** Most bytes the peer may have sent and the consumer not yet taken. */
  readonly creditBytes: number
  /** The longest message that may come, at its credit cost: of less than a quarter no credit goes back while one more has room. */
  readonly longestBytes: number
  /** Longest wait for the answer to start once it is asked for, ms; 0 waits without end. */
  readonly firstByteMs: number
  /** For so long that counts only while no other answer on the stream brings anything: where many share a slow link; ms. */
  readonly queuedMs: number
  /** A PING follows after this while the answer has not ended, then after three times as long and so on, ms; 0 sends none. */
  readonly probeAfterMs: number
  /** Least speed afterwards while the consumer waits, bytes a second; 0 asks for none. */
  readonly minBytesPerSecond: number
}

/** One request at the asking side: the messages that arrived, the credit the peer still has, and how it ended. */
export class OpenRequest {
  readonly id: number
  readonly creditBytes: number
  readonly #longestBytes: number
  readonly #queue: Uint8Array[] = []
  readonly #speed: AnswerSpeed
  readonly #dataMs: () => number
  #peerCreditBytes: number
  #takenBytes = 0
  /** How much of the message under way is here. */
  #partBytes = 0
  #cancelFirstByte: (() => void) | null
  #outcome: { readonly error: unknown } | 'ok' | null = null
  #wake: (() => void) | null = null

  /** `dataMs`: when an answer on the stream brought something last, ms. */
  constructor(id: number, bounds: RequestBounds, clock: Clock, dataMs: () => number) {
    this.id = id
    this.creditBytes = bounds.creditBytes
    this.#longestBytes = bounds.longestBytes
    this.#peerCreditBytes = bounds.creditBytes
    this.#speed = new AnswerSpeed(clock, bounds.minBytesPerSecond, () =>
      this.fail(new FederationError('E_TOO_SLOW', `answer slower than ${bounds.minBytesPerSecond} bytes a second`)),
    )
    this.#dataMs = dataMs
    this.#cancelFirstByte = () => {}
    if (bounds.firstByteMs > 0) this.#awaitFirstByte(bounds, clock)
  }

  /** Bytes the peer may still send. */
  get peerCreditBytes(): number {
    return this.#peerCreditBytes
  }

  /** So many bytes of the next message are here: the answer began, and is as fast as they come. */
  takePart(bytes: number): void {
    this.#arrived(bytes)
    this.#partBytes = bytes
    if (this.#wake !== null) this.#speed.startWait()
  }

  /** Takes one DATA payload in; false when the peer had no credit for it. */
  takeIn(message: Uint8Array): boolean {
    this.#arrived(message.byteLength)
    this.#partBytes = 0
    this.#peerCreditBytes -= creditCostOf(message.byteLength)
    if (this.#peerCreditBytes < 0) return false
    if (this.#outcome !== null) return true
    this.#queue.push(message)
    this.#notify()
    return true
  }

  /** The peer ended the request. */
  finish(status: EndStatus): void {
    this.#firstByte()
    this.#settle(status === 'ok' ? 'ok' : { error: errorOfEnd(status) })
  }

  /** Ends the request at this side; what arrived but was not taken is dropped. */
  fail(error: unknown): void {
    this.#queue.length = 0
    this.#settle({ error })
  }

  /** The next message, or null after the last; throws what the request ended with. */
  async next(): Promise<Uint8Array | null> {
    while (this.#queue.length === 0 && this.#outcome === null) await this.#arrival()
    const message = this.#queue.shift()
    if (message !== undefined) return message
    if (this.#outcome === 'ok') return null
    throw this.#outcome?.error
  }

  /** Credit to grant after the consumer is done with a message, bytes: nothing until a quarter has gathered, or the next may lack it. */
  creditAfter(message: Uint8Array): number {
    this.#takenBytes += creditCostOf(message.byteLength)
    const isIdle = this.#queue.length === 0 && this.#peerCreditBytes + this.#takenBytes === this.creditBytes
    const mayLack = isIdle && this.#peerCreditBytes < this.#longestBytes
    if (this.#takenBytes * 4 < this.creditBytes && !mayLack) return 0
    const granted = this.#takenBytes
    this.#takenBytes = 0
    this.#peerCreditBytes += granted
    return granted
  }

  async #arrival(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    if (this.#cancelFirstByte === null) this.#speed.startWait()
    await promise
    this.#speed.endWait()
  }

  /** `bytes` of the message under way are here now. */
  #arrived(bytes: number): void {
    this.#firstByte()
    if (this.#wake !== null) this.#speed.arrived(bytes - this.#partBytes)
  }

  #awaitFirstByte({ firstByteMs, queuedMs }: RequestBounds, clock: Clock): void {
    const askedMs = clock.now()
    const wait = (ms: number) => {
      this.#cancelFirstByte = clock.after(ms, () => {
        const now = clock.now()
        const leftMs = now - askedMs < queuedMs ? this.#dataMs() + firstByteMs - now : 0
        if (leftMs > 0) wait(leftMs)
        else this.fail(new FederationError('E_FIRST_BYTE_LATE', `no byte within ${firstByteMs} ms`))
      })
    }
    wait(firstByteMs)
  }

  #firstByte(): void {
    this.#cancelFirstByte?.()
    this.#cancelFirstByte = null
  }

  #settle(outcome: { readonly error: unknown } | 'ok'): void {
    this.#firstByte()
    this.#outcome ??= outcome
    this.#notify()
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = null
  }
}
