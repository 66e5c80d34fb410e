import {
  creditCostOf,
  type EndStatus,
  encodeEnd,
  FRAME,
  type Frame,
  MAX_CREDIT_BYTES,
  MAX_OPEN_REQUESTS,
  MAX_REQUEST_BYTES,
  MIN_CREDIT_BYTES,
  type PeerId,
  parseCredit,
  parseRequest,
} from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { ByteDuplex } from './byte-duplex.ts'
import type { Clock } from './clock.ts'
import { endOfError } from './end-errors.ts'
import { FrameLink, type LinkRole } from './frame-link.ts'
import { MAX_RUNNING_HANDLERS } from './limits.ts'
import type { OffenceCode } from './offence.ts'
import { pause } from './pause.ts'
import { RunningAnswer } from './running-answer.ts'
import type { SharedRate } from './shared-rate.ts'

/**
 * Answers one request: each message yielded is one message at the asker, at most its credit (1 MiB and an envelope
 * unless it asked for other). The signal is made when it is read. A `FederationError` with a status code, or a `ProtocolError`, becomes that END.
 */
export type RequestHandler = (request: {
  readonly peer: PeerId
  readonly payload: Uint8Array
  readonly signal: AbortSignal
}) => AsyncIterable<Uint8Array>

/** What a peer may still have of this node; asked before a handler starts and before each message is sent. */
export interface PeerBudget {
  /** Charges a request of `requestBytes`: ms its handler has to wait, or `busy`, which charges nothing. */
  chargeRequest(peer: PeerId, protocol: string, requestBytes: number): number | 'busy'
  /** Charges a message at its credit cost: ms it has to wait. */
  chargeBytes(peer: PeerId, protocol: string, bytes: number): number
}

/** Who answers what on a stream. */
export interface AnsweringContext {
  readonly peer: PeerId
  readonly protocol: string
  readonly handler: RequestHandler
  readonly budget: PeerBudget | null
  readonly uplink: SharedRate | null
  readonly clock: Clock
  readonly onOffence: (code: OffenceCode) => void
  /** A handler failed as none should. */
  readonly onFailure: (error: unknown) => void
  readonly onClosed: (error: FederationError) => void
}

/** The acceptor's side of a kept stream: runs a handler per request and never sends more than was granted. */
export class AnsweringStream implements LinkRole {
  readonly #context: AnsweringContext
  readonly #link: FrameLink
  readonly #open = new Map<number, RunningAnswer>()
  #lastId = 0
  #creditBytes = 0
  #running = 0

  constructor(duplex: ByteDuplex, context: AnsweringContext) {
    this.#context = context
    this.#link = new FrameLink(duplex, context.clock, this, context.onOffence)
  }

  /** When the peer was heard on it last, ms. */
  get heardMs(): number {
    return this.#link.heardMs
  }

  end(message: string): void {
    this.#link.end('E_STREAM_CLOSED', message)
  }

  onFrame(frame: Frame): OffenceCode | null {
    if (frame.type === FRAME.request) return this.#onRequest(frame)
    if (frame.id > this.#lastId) return 'request-unknown'
    if (frame.type === FRAME.credit) return this.#onCredit(frame)
    if (frame.type !== FRAME.cancel) return 'frame-unknown'
    this.#close(frame.id, 'cancelled')
    return null
  }

  onClosed(error: FederationError): void {
    for (const answer of this.#open.values()) answer.stop(error)
    this.#open.clear()
    this.#context.onClosed(error)
  }

  isBusy(): boolean {
    return this.#open.size > 0
  }

  #onRequest({ id, payload }: Frame): OffenceCode | null {
    const request = parseRequest(payload)
    if (request === null) return 'frame-malformed'
    if (id <= this.#lastId) return 'request-reused'
    this.#lastId = id
    const { creditBytes, message } = request
    if (this.#open.size >= MAX_OPEN_REQUESTS) return 'requests-too-many'
    if (creditBytes < MIN_CREDIT_BYTES || this.#creditBytes + creditBytes > MAX_CREDIT_BYTES) return 'credit-too-large'
    const turn = this.#turnOf(message)
    if (typeof turn === 'number') this.#start(id, creditBytes, message, turn)
    else this.#sendEnd(id, turn)
    return null
  }

  /** How long the request waits for its turn, ms, or why it gets none. */
  #turnOf(message: Uint8Array): number | EndStatus {
    if (message.byteLength > MAX_REQUEST_BYTES) return 'too-large'
    if (this.#running >= MAX_RUNNING_HANDLERS) return 'busy'
    const { budget, uplink, peer, protocol } = this.#context
    if (uplink?.isCrowdedFor(peer, protocol)) return 'busy'
    return budget?.chargeRequest(peer, protocol, message.byteLength) ?? 0
  }

  #onCredit({ id, payload }: Frame): OffenceCode | null {
    const bytes = parseCredit(payload)
    if (bytes === null) return 'frame-malformed'
    const answer = this.#open.get(id)
    return answer === undefined || answer.credit.grant(bytes) ? null : 'credit-too-large'
  }

  #start(id: number, creditBytes: number, payload: Uint8Array, waitMs: number): void {
    const answer = new RunningAnswer(creditBytes, this.#context.clock)
    this.#open.set(id, answer)
    this.#creditBytes += creditBytes
    this.#running++
    void this.#run(id, answer, payload, waitMs).finally(() => this.#running--)
  }

  async #run(id: number, answer: RunningAnswer, payload: Uint8Array, waitMs: number): Promise<void> {
    let status: EndStatus = 'ok'
    try {
      await (waitMs === 0 ? null : pause(this.#context.clock, waitMs, answer.signal))
      answer.throwIfStopped() // cancelled in the turn in which it came
      await this.#answer(id, answer, payload)
    } catch (error) {
      const told = endOfError(error)
      status = told ?? 'failed'
      // What a handler throws because it was stopped is no failure of its own.
      if (told === null && !answer.isStopped) this.#context.onFailure(error)
    }
    this.#close(id, status)
  }

  async #answer(id: number, answer: RunningAnswer, payload: Uint8Array): Promise<void> {
    const { handler, peer, protocol, budget, uplink, clock } = this.#context
    const request = {
      peer,
      payload,
      get signal() {
        return answer.signal
      },
    }
    for await (const message of handler(request)) {
      const cost = creditCostOf(message.byteLength)
      // What was made and cannot be sent is charged too: else asking without credit would cost a peer nothing.
      const charge = () => budget?.chargeBytes(peer, protocol, cost) ?? 0
      try {
        if (!answer.credit.spendNow(cost)) await answer.credit.spend(cost)
      } catch (error) {
        charge()
        throw error
      }
      const waitMs = charge()
      if (waitMs > 0) await pause(clock, waitMs, answer.signal)
      if (uplink !== null) await uplink.take(peer, protocol, cost, answer.signal)
      await this.#link.send(FRAME.data, id, message)
    }
  }

  #close(id: number, status: EndStatus): void {
    const answer = this.#open.get(id)
    if (answer === undefined) return
    this.#open.delete(id)
    this.#creditBytes -= answer.credit.windowBytes
    // A handler that ended by itself has nothing to stop.
    if (status === 'cancelled') answer.stop(new FederationError('E_CANCELLED', 'request ended: cancelled'))
    this.#sendEnd(id, status)
  }

  #sendEnd(id: number, status: EndStatus): void {
    this.#link.send(FRAME.end, id, encodeEnd(status)).catch(() => {})
  }
}
