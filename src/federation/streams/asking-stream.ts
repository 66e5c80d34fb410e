import {
  creditCostOf,
  encodeCredit,
  encodeRequest,
  FRAME,
  type Frame,
  type FramePart,
  parseEnd,
} from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { ByteDuplex } from './byte-duplex.ts'
import type { Clock } from './clock.ts'
import { FrameLink, type LinkRole } from './frame-link.ts'
import { FIRST_BYTE_MS, MAX_DRAINING_MS, PLACE_MS, PROBE_AGAIN, STALL_MS } from './limits.ts'
import type { OffenceCode } from './offence.ts'
import { OpenRequest, type RequestBounds } from './open-request.ts'
import { Places } from './places.ts'

/** A request that was cancelled here and is not ended by the peer yet. */
interface Draining {
  /** What the peer may still send of it. */
  creditBytes: number
  readonly sinceMs: number
  cancelTimer: () => void
}

/** The opener's side of a kept stream: many requests at once, each with its own credit. */
export class AskingStream implements LinkRole {
  readonly #link: FrameLink
  readonly #clock: Clock
  readonly #onClosed: (error: FederationError) => void
  readonly #places = new Places()
  readonly #open = new Map<number, OpenRequest>()
  /** Cancelled requests whose END is not here yet, the first cancelled first; they keep their places. */
  readonly #draining = new Map<number, Draining>()
  #lastId = 0
  /** When an answer, also a cancelled one, brought something last, if only part of a message; ms. */
  #dataMs = Number.NEGATIVE_INFINITY

  constructor(
    duplex: ByteDuplex,
    clock: Clock,
    onOffence: (code: OffenceCode) => void,
    onClosed: (error: FederationError) => void,
  ) {
    this.#clock = clock
    this.#onClosed = onClosed
    this.#link = new FrameLink(duplex, clock, this, onOffence)
  }

  /** When the peer was heard on it last, ms. */
  get heardMs(): number {
    return this.#link.heardMs
  }

  get isClosed(): boolean {
    return this.#link.isClosed
  }

  /** What the peer knows beyond the first version; rejects when the stream ends before it says so. */
  get features(): Promise<ReadonlySet<string>> {
    return this.#link.features
  }

  /** The answer's messages; leaving the loop early cancels. Throws the signal's reason or a `FederationError`. */
  async *request(message: Uint8Array, bounds: RequestBounds, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    signal.throwIfAborted()
    if (!this.#places.enterNow(bounds.creditBytes)) await this.#enter(bounds, signal)
    const request = this.#start(message, bounds)
    const abort = () => request.fail(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const endProbes = this.#probe(bounds.probeAfterMs)
    try {
      for (let next = await request.next(); next !== null; next = await request.next()) {
        yield next
        signal.throwIfAborted()
        this.#giveBack(request, next)
      }
    } finally {
      signal.removeEventListener('abort', abort)
      endProbes()
      this.#cancel(request)
    }
  }

  end(message: string): void {
    this.#link.end('E_STREAM_CLOSED', message)
  }

  onFrame(frame: Frame): OffenceCode | null {
    if (frame.type === FRAME.data) return this.#onData(frame)
    if (frame.type === FRAME.end) return this.#onEnd(frame)
    return 'frame-unknown'
  }

  onPart({ type, id, bytes }: FramePart): void {
    if (type !== FRAME.data) return
    const request = this.#open.get(id)
    if (request === undefined && !this.#draining.has(id)) return
    this.#dataMs = this.#clock.now()
    request?.takePart(bytes)
  }

  onClosed(error: FederationError): void {
    for (const request of this.#open.values()) request.fail(error)
    this.#open.clear()
    for (const { cancelTimer } of this.#draining.values()) cancelTimer()
    this.#draining.clear()
    this.#places.close(error)
    this.#onClosed(error)
  }

  isBusy(): boolean {
    return this.#open.size + this.#draining.size > 0
  }

  /**
   * Waits for a place; what fills the stream are this node's own requests, so the peer is not blamed for the wait: only while it
   * leaves a cancelled one without END does the wait count as one for the first byte.
   */
  async #enter(bounds: RequestBounds, signal: AbortSignal): Promise<void> {
    const deadline = new AbortController()
    const full = new FederationError('E_BUSY', `no place on the stream to this peer within ${PLACE_MS} ms`)
    const cancelTimer = this.#clock.after(PLACE_MS, () => deadline.abort(full))
    const cancelLook = bounds.firstByteMs === 0 ? () => {} : this.#lookForEnd(bounds, late => deadline.abort(late))
    try {
      await this.#places.enter(bounds.creditBytes, AbortSignal.any([signal, deadline.signal]))
    } finally {
      cancelTimer()
      cancelLook()
    }
  }

  /** Tells when a cancelled request has been without END for as long as a first byte may take, from now on. */
  #lookForEnd({ firstByteMs: ms, queuedMs }: RequestBounds, tell: (late: FederationError) => void): () => void {
    const began = this.#clock.now()
    let cancelTimer = () => {}
    const wait = (leftMs: number) => {
      cancelTimer = this.#clock.after(leftMs, () => {
        const now = this.#clock.now()
        const [oldest] = this.#draining.values()
        // Over a slow link the END comes behind what else is on its way.
        const heardMs = now - began < queuedMs ? this.#dataMs : began
        const since = Math.max(began, heardMs, oldest?.sinceMs ?? now)
        if (now - since < ms) wait(since + ms - now)
        else tell(new FederationError('E_FIRST_BYTE_LATE', `cancelled requests were not ended within ${ms} ms`))
      })
    }
    wait(ms)
    return () => cancelTimer()
  }

  #start(message: Uint8Array, bounds: RequestBounds): OpenRequest {
    const request = new OpenRequest(++this.#lastId, bounds, this.#clock, () => this.#dataMs)
    this.#open.set(request.id, request)
    this.#link
      .send(FRAME.request, request.id, encodeRequest(bounds.creditBytes, message))
      .catch(request.fail.bind(request))
    return request
  }

  /**
   * Something to follow a small request, and by its PONG the small answer: of a packet that nothing follows TCP learns only after
   * its retransmission timeout (200 ms and a round trip) that it was lost, of others after a round trip.
   */
  #probe(afterMs: number): () => void {
    if (afterMs === 0) return () => {}
    let cancelTimer = () => {}
    const wait = (ms: number) => {
      cancelTimer = this.#clock.after(ms, () => {
        this.#link.ping()
        wait(ms * PROBE_AGAIN)
      })
    }
    wait(afterMs)
    return () => cancelTimer()
  }

  #onData({ id, payload }: Frame): OffenceCode | null {
    this.#dataMs = this.#clock.now()
    const request = this.#open.get(id)
    if (request !== undefined) return request.takeIn(payload) ? null : 'credit-exceeded'
    const draining = this.#draining.get(id)
    if (draining === undefined) return 'request-unknown'
    draining.creditBytes -= creditCostOf(payload.byteLength)
    return draining.creditBytes < 0 ? 'credit-exceeded' : null
  }

  #onEnd({ id, payload }: Frame): OffenceCode | null {
    const status = parseEnd(payload)
    if (status === null) return 'frame-malformed'
    const request = this.#open.get(id)
    if (request !== undefined) {
      request.finish(status)
      this.#open.delete(id)
      this.#places.returnCredit(request.creditBytes)
    } else {
      const draining = this.#draining.get(id)
      if (draining === undefined) return 'request-unknown'
      draining.cancelTimer()
      this.#draining.delete(id)
    }
    this.#places.leave()
    return null
  }

  #giveBack(request: OpenRequest, message: Uint8Array): void {
    if (!this.#open.has(request.id)) return
    const granted = request.creditAfter(message)
    if (granted > 0) this.#link.send(FRAME.credit, request.id, encodeCredit(granted)).catch(() => {})
  }

  #cancel(request: OpenRequest): void {
    if (!this.#open.delete(request.id)) return
    request.fail(new Error('cancelled'))
    const draining = { creditBytes: request.peerCreditBytes, sinceMs: this.#clock.now(), cancelTimer: () => {} }
    this.#draining.set(request.id, draining)
    this.#awaitEnd(draining, STALL_MS)
    this.#places.returnCredit(request.creditBytes)
    this.#link.send(FRAME.cancel, request.id).catch(() => {})
  }

  /** Over a slow line END comes behind what else was on its way. */
  #awaitEnd(draining: Draining, ms: number): void {
    draining.cancelTimer = this.#clock.after(ms, () => {
      const now = this.#clock.now()
      const isQueued = now - this.#dataMs < FIRST_BYTE_MS && now - draining.sinceMs < MAX_DRAINING_MS
      if (isQueued) this.#awaitEnd(draining, FIRST_BYTE_MS)
      else this.end(`a cancelled request without END for ${now - draining.sinceMs} ms`)
    })
  }
}
