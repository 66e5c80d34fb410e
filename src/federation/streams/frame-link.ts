import {
  encodeHello,
  FRAME,
  type Frame,
  type FramePart,
  FrameReader,
  isKnownFrameType,
  MAX_FRAME_BYTES,
  maySkipFrame,
  parseHello,
} from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { ByteDuplex } from './byte-duplex.ts'
import type { Clock } from './clock.ts'
import { FrameSender } from './frame-sender.ts'
import { HELLO_MS, PING_AFTER_MS, PONG_MS, STILL_READING_MS, STOOD_STILL_MS } from './limits.ts'
import type { OffenceCode } from './offence.ts'

/** What a role (asking or answering) adds to a link. */
export interface LinkRole {
  /** Handles REQ, DATA, END, CANCEL or CREDIT; returns the offence if it is one. */
  onFrame(frame: Frame): OffenceCode | null
  /** Some of a frame is here; told with each chunk that leaves one unfinished. */
  onPart?(part: FramePart): void
  /** The link is gone, for the reason given; called once. */
  onClosed(error: FederationError): void
  /** Whether anything depends on the peer being alive. */
  isBusy(): boolean
}

/** One stream after framing: HELLO first each way, PING and PONG, unknown types, and the end of it all. */
export class FrameLink {
  readonly #duplex: ByteDuplex
  readonly #clock: Clock
  readonly #role: LinkRole
  readonly #onOffence: (code: OffenceCode) => void
  readonly #reader = new FrameReader()
  readonly #sender: FrameSender
  readonly #hello = Promise.withResolvers<ReadonlySet<string>>()
  #greeted = false
  #closed = false
  #heardMs: number
  #pingedMs: number | null = null
  /** Since when one frame is being read, or when that was said last, ms; null: none is. */
  #readingMs: number | null = null
  /** When life is looked for next, ms. */
  #lookMs = 0
  #cancelTimer: () => void

  constructor(duplex: ByteDuplex, clock: Clock, role: LinkRole, onOffence: (code: OffenceCode) => void) {
    this.#duplex = duplex
    this.#clock = clock
    this.#role = role
    this.#onOffence = onOffence
    this.#heardMs = clock.now()
    this.#hello.promise.catch(() => {}) // few ask for it
    this.#sender = new FrameSender(duplex, cause => this.end('E_STREAM_CLOSED', 'stream closed while sending', cause))
    this.#cancelTimer = clock.after(HELLO_MS, () => this.#helloIsLate())
    duplex.onClose(cause => this.end('E_STREAM_CLOSED', 'peer closed the stream', cause))
    duplex.onData(bytes => this.#take(bytes))
    void this.#sender.send(FRAME.hello, 0, encodeHello())
  }

  /** When the peer was heard last, ms. */
  get heardMs(): number {
    return this.#heardMs
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** What the peer's HELLO says it knows beyond the first version; rejects when the link ends before it. */
  get features(): Promise<ReadonlySet<string>> {
    return this.#hello.promise
  }

  /** Sends one frame; resolves when the transport took it, rejects with what the link ended with. */
  send(type: number, id: number, payload?: Uint8Array): Promise<void> {
    return this.#sender.send(type, id, payload)
  }

  /** Makes the peer say something. */
  ping(): void {
    void this.#sender.send(FRAME.ping, 0)
  }

  /** Ends the link and everything on it. */
  end(code: 'E_STREAM_CLOSED' | 'E_PEER_SILENT' | 'E_PROTOCOL_VIOLATION', message: string, cause?: unknown): void {
    if (this.#closed) return
    this.#closed = true
    this.#cancelTimer()
    const error = new FederationError(code, message, { cause })
    this.#hello.reject(error)
    this.#sender.end(error)
    this.#duplex.abort(error)
    this.#role.onClosed(error)
  }

  #take(bytes: Uint8Array): void {
    this.#heardMs = this.#clock.now()
    this.#pingedMs = null
    const frames = this.#reader.push(bytes)
    for (const frame of frames) {
      if (this.#closed) return
      const offence = typeof frame === 'string' ? frame : this.#offenceOf(frame)
      if (offence === null) continue
      this.end('E_PROTOCOL_VIOLATION', `peer broke the protocol: ${offence}`)
      this.#onOffence(offence)
      return
    }
    if (frames.length > 0) this.#readingMs = null
    const { part } = this.#reader
    if (part !== null && this.#greeted && !this.#closed) this.#onPart(part)
  }

  #onPart(part: FramePart): void {
    this.#role.onPart?.(part)
    this.#readingMs ??= this.#heardMs
    if (this.#heardMs - this.#readingMs < STILL_READING_MS) return
    this.#readingMs = this.#heardMs
    void this.#sender.send(FRAME.pong, 0)
  }

  #offenceOf(frame: Frame): OffenceCode | null {
    if (!this.#greeted) return this.#greet(frame)
    if (frame.type === FRAME.ping) return this.#pong(frame)
    if (frame.type === FRAME.pong) return null
    if (frame.type === FRAME.hello) return 'hello-malformed'
    if (!isKnownFrameType(frame.type)) return maySkipFrame(frame.type) ? null : 'frame-unknown'
    return this.#sender.isFlooded ? 'flood' : this.#role.onFrame(frame)
  }

  #greet(frame: Frame): OffenceCode | null {
    if (frame.type !== FRAME.hello) return 'hello-missing'
    try {
      const { maxFrame, features } = parseHello(frame.payload)
      if (maxFrame < MAX_FRAME_BYTES) return 'hello-malformed'
      this.#hello.resolve(new Set(features))
    } catch {
      return 'hello-malformed'
    }
    this.#greeted = true
    this.#cancelTimer()
    this.#watch(PING_AFTER_MS)
    return null
  }

  #pong(frame: Frame): OffenceCode | null {
    if (frame.payload.byteLength > 8) return 'frame-malformed'
    if (this.#sender.isFlooded) return 'flood'
    void this.#sender.send(FRAME.pong, 0, frame.payload)
    return null
  }

  #helloIsLate(): void {
    this.end('E_PEER_SILENT', `no HELLO within ${HELLO_MS} ms`)
  }

  #watch(ms: number): void {
    this.#lookMs = this.#clock.now() + ms
    this.#cancelTimer = this.#clock.after(ms, () => this.#checkLife())
  }

  #checkLife(): void {
    const now = this.#clock.now()
    if (this.#pingedMs !== null && now - this.#lookMs >= STOOD_STILL_MS) this.#pingedMs = now
    if (this.#pingedMs !== null && now - this.#pingedMs >= PONG_MS) {
      this.end('E_PEER_SILENT', `no answer to PING within ${PONG_MS} ms`)
      return
    }
    const silent = now - this.#heardMs >= PING_AFTER_MS
    if (silent && this.#pingedMs === null && this.#role.isBusy()) {
      this.#pingedMs = now
      this.ping()
    }
    this.#watch(PING_AFTER_MS)
  }
}
