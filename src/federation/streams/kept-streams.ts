import {
  creditCostOf,
  DEFAULT_CREDIT_BYTES,
  MAX_CREDIT_BYTES,
  MIN_CREDIT_BYTES,
  type PeerId,
} from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { AnsweringStream, type PeerBudget, type RequestHandler } from './answering-stream.ts'
import { AskingStream } from './asking-stream.ts'
import type { ByteDuplex, OpenStream } from './byte-duplex.ts'
import { type Clock, systemClock } from './clock.ts'
import { FIRST_BYTE_MS, MIN_BYTES_PER_SECOND, OPEN_MS, PONG_MS } from './limits.ts'
import type { OffenceCode } from './offence.ts'
import type { RequestBounds } from './open-request.ts'
import type { SharedRate } from './shared-rate.ts'

/** What kept streams need from outside. */
export interface KeptStreamsPorts {
  readonly openStream: OpenStream
  /** Told after all streams with the peer were ended; the caller drops the connection and remembers. */
  readonly onOffence: (peer: PeerId, code: OffenceCode) => void
  /** A peer has not answered PING, and was not heard on any other stream either: its connection leads nowhere. */
  readonly onSilent?: (peer: PeerId) => void
  /** A handler of this node failed unexpectedly: the peer is told that it did, and nothing of why. */
  readonly onFailure?: (protocol: string, error: unknown) => void
  readonly clock?: Clock
  readonly budget?: PeerBudget
  /** Over all peers: what this node sends, and what it takes. */
  readonly uplink?: SharedRate
  readonly downlink?: SharedRate
}

/** How one request is made; see `RequestBounds` for the units. */
export interface RequestOptions {
  readonly signal?: AbortSignal
  readonly creditBytes?: number
  readonly longestBytes?: number
  readonly firstByteMs?: number
  readonly mayQueue?: boolean
  readonly minBytesPerSecond?: number
  readonly probeAfterMs?: number
}

interface Asked {
  readonly peer: PeerId
  readonly protocol: string
  readonly payload: Uint8Array
  readonly bounds: RequestBounds
  readonly signal: AbortSignal
}

/** A stream that is being opened, or is open. */
interface Opening {
  readonly stream: Promise<AskingStream>
  /** null: not open yet. */
  opened: AskingStream | null
}

type Side<T> = Map<PeerId, Map<string, T>>

/**
 * One long-lived stream per peer, protocol and direction: the opener asks, the acceptor answers (specification section 10.1).
 * Streams open on demand, carry up to 64 requests with their own credit, and end together when a peer offends.
 */
export class KeptStreams implements AsyncDisposable {
  readonly #ports: KeptStreamsPorts
  readonly #clock: Clock
  readonly #handlers = new Map<string, RequestHandler>()
  readonly #asking: Side<Opening> = new Map()
  readonly #answering: Side<AnsweringStream> = new Map()
  readonly #closing = new AbortController()

  constructor(ports: KeptStreamsPorts) {
    this.#ports = ports
    this.#clock = ports.clock ?? systemClock
  }

  /** Sets who answers a protocol. */
  handle(protocol: string, handler: RequestHandler): void {
    this.#handlers.set(protocol, handler)
  }

  /** Takes an inbound stream over; a newer one of the same peer and protocol replaces the older. */
  acceptStream(peer: PeerId, protocol: string, duplex: ByteDuplex): void {
    const handler = this.#handlers.get(protocol)
    if (handler === undefined || this.#closing.signal.aborted) {
      duplex.abort(new FederationError('E_CLOSED', `nobody answers ${protocol}`))
      return
    }
    this.#answering.get(peer)?.get(protocol)?.end('replaced by a newer stream')
    const stream: AnsweringStream = new AnsweringStream(duplex, {
      peer,
      protocol,
      handler,
      budget: this.#ports.budget ?? null,
      uplink: this.#ports.uplink ?? null,
      clock: this.#clock,
      onOffence: code => this.reportOffence(peer, code),
      onFailure: error => this.#ports.onFailure?.(protocol, error),
      onClosed: error => {
        drop(this.#answering, peer, protocol, stream)
        this.#mayBeSilent(peer, error)
      },
    })
    keep(this.#answering, peer, protocol, stream)
  }

  /**
   * Asks a peer; the request leaves when the first message is asked for. Messages come as the handler yielded them;
   * credit returns when the next is asked for, leaving the loop cancels.
   * Throws the signal's reason or a `FederationError`.
   */
  request(
    peer: PeerId,
    protocol: string,
    payload: Uint8Array,
    options: RequestOptions = {},
  ): AsyncGenerator<Uint8Array> {
    const creditBytes = Math.min(
      MAX_CREDIT_BYTES,
      Math.max(MIN_CREDIT_BYTES, options.creditBytes ?? DEFAULT_CREDIT_BYTES),
    )
    const bounds = {
      creditBytes,
      longestBytes: options.longestBytes ?? creditBytes,
      minBytesPerSecond: options.minBytesPerSecond ?? MIN_BYTES_PER_SECOND,
      firstByteMs: options.firstByteMs ?? FIRST_BYTE_MS,
      mayQueue: options.mayQueue ?? false,
      probeAfterMs: options.probeAfterMs ?? 0,
    }
    // A stream that is open ends when this node closes: only opening one needs to hear of it.
    const signal = options.signal ?? this.#closing.signal
    const stream = this.#asking.get(peer)?.get(protocol)?.opened ?? null
    if (stream !== null && this.#ports.downlink === undefined) return stream.request(payload, bounds, signal)
    return this.#requestInTurn({ peer, protocol, payload, bounds, signal })
  }

  /** What a peer's HELLO says it knows beyond the first version of a protocol. Throws the signal's reason or a `FederationError`. */
  async features(peer: PeerId, protocol: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const stream = await this.#openWithin(
      FIRST_BYTE_MS,
      peer,
      protocol,
      AbortSignal.any([this.#closing.signal, signal]),
    )
    return await unlessAborted(stream.features, signal)
  }

  /** Whether a request runs with the peer, either way, over another protocol than these. */
  isAtWork(peer: PeerId, except: ReadonlySet<string>): boolean {
    const asking = [...(this.#asking.get(peer) ?? [])].map(([protocol, { opened }]) => [protocol, opened] as const)
    const streams = [...asking, ...(this.#answering.get(peer) ?? [])]
    return streams.some(([protocol, stream]) => !except.has(protocol) && stream?.isBusy() === true)
  }

  /** Ends all streams with a peer. */
  endPeer(peer: PeerId, why = 'ended here'): void {
    const asking = this.#asking.get(peer)
    this.#asking.delete(peer)
    for (const { stream } of asking?.values() ?? []) {
      stream.then(
        opened => opened.end(why),
        () => {},
      )
    }
    for (const stream of [...(this.#answering.get(peer)?.values() ?? [])]) stream.end(why)
  }

  /** Ends all streams with a peer that broke the protocol, here or in a protocol above, and tells the port. */
  reportOffence(peer: PeerId, code: OffenceCode): void {
    this.endPeer(peer, `offence: ${code}`)
    this.#ports.onOffence(peer, code)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new FederationError('E_CLOSED', 'this node is closing'))
    for (const peer of new Set([...this.#asking.keys(), ...this.#answering.keys()])) this.endPeer(peer, 'closing')
  }

  /** Over a stream that may have to be opened, at the pace of the downlink. */
  async *#requestInTurn({ peer, protocol, payload, bounds, signal }: Asked): AsyncGenerator<Uint8Array> {
    const stream =
      this.#asking.get(peer)?.get(protocol)?.opened ??
      (await this.#openWithin(bounds.firstByteMs, peer, protocol, AbortSignal.any([this.#closing.signal, signal])))
    // What has arrived waits here: the peer is not taken for slow meanwhile, and gets no more credit.
    for await (const message of stream.request(payload, bounds, signal)) {
      await this.#ports.downlink?.take(peer, protocol, creditCostOf(message.byteLength), signal)
      yield message
    }
  }

  /** The stream to a peer, opened in less than the first byte may take. */
  async #openWithin(ms: number, peer: PeerId, protocol: string, signal: AbortSignal): Promise<AskingStream> {
    const deadline = new AbortController()
    const late = new FederationError('E_FIRST_BYTE_LATE', `no stream within ${ms} ms`)
    const cancelTimer = ms === 0 ? () => {} : this.#clock.after(ms, () => deadline.abort(late))
    try {
      return await unlessAborted(this.#streamTo(peer, protocol), AbortSignal.any([signal, deadline.signal]))
    } finally {
      cancelTimer()
    }
  }

  /** A slow artifact may hold up the other streams of a connection that is well. */
  #mayBeSilent(peer: PeerId, { code }: FederationError): void {
    if (code !== 'E_PEER_SILENT') return
    const asking = [...(this.#asking.get(peer)?.values() ?? [])].flatMap(({ opened }) => opened ?? [])
    const streams = [...asking, ...(this.#answering.get(peer)?.values() ?? [])]
    const heardMs = Math.max(...streams.map(stream => stream.heardMs))
    if (this.#clock.now() - heardMs >= PONG_MS) this.#ports.onSilent?.(peer)
  }

  #streamTo(peer: PeerId, protocol: string): Promise<AskingStream> {
    const kept = this.#asking.get(peer)?.get(protocol)
    if (kept !== undefined) return kept.stream
    const forget = (error: FederationError) => {
      drop(this.#asking, peer, protocol, opening)
      opening.opened = null
      this.#mayBeSilent(peer, error)
    }
    const opening: Opening = { stream: this.#open(peer, protocol, forget), opened: null }
    keep(this.#asking, peer, protocol, opening)
    opening.stream.then(stream => {
      if (!stream.isClosed) opening.opened = stream
    }, forget)
    return opening.stream
  }

  async #open(peer: PeerId, protocol: string, forget: (error: FederationError) => void): Promise<AskingStream> {
    const timeout = new AbortController()
    const late = new FederationError('E_PEER_UNREACHABLE', `no stream within ${OPEN_MS} ms`)
    const cancelTimer = this.#clock.after(OPEN_MS, () => timeout.abort(late))
    const signal = AbortSignal.any([this.#closing.signal, timeout.signal])
    try {
      const opening = this.#ports.openStream(peer, protocol, { signal })
      const duplex = await unlessAborted(opening, signal).catch(error => {
        opening.then(
          tooLate => tooLate.abort(late),
          () => {},
        )
        throw error
      })
      return new AskingStream(duplex, this.#clock, code => this.reportOffence(peer, code), forget)
    } catch (cause) {
      if (cause instanceof FederationError) throw cause
      throw new FederationError('E_PEER_UNREACHABLE', `no ${protocol} stream to ${peer}`, { cause })
    } finally {
      cancelTimer()
    }
  }
}

function keep<T>(side: Side<T>, peer: PeerId, protocol: string, stream: T): void {
  const ofPeer = side.get(peer) ?? new Map<string, T>()
  ofPeer.set(protocol, stream)
  side.set(peer, ofPeer)
}

function drop<T>(side: Side<T>, peer: PeerId, protocol: string, stream: T): void {
  const ofPeer = side.get(peer)
  if (ofPeer?.get(protocol) !== stream) return
  ofPeer.delete(protocol)
  if (ofPeer.size === 0) side.delete(peer)
}

async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
