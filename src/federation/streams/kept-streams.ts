import { creditCostOf, type PeerId } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { AnsweringStream, type PeerBudget, type RequestHandler } from './answering-stream.ts'
import type { ByteDuplex, OpenStream } from './byte-duplex.ts'
import { type Clock, systemClock } from './clock.ts'
import { FIRST_BYTE_MS, PONG_MS } from './limits.ts'
import type { OffenceCode } from './offence.ts'
import type { RequestBounds } from './open-request.ts'
import { OpenedStreams } from './opened-streams.ts'
import { boundsOf, type RequestOptions } from './request-options.ts'
import type { SharedRate } from './shared-rate.ts'
import { StreamsByPeer } from './streams-by-peer.ts'
import { unlessAborted } from './unless-aborted.ts'

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

interface Asked {
  readonly peer: PeerId
  readonly protocol: string
  readonly payload: Uint8Array
  readonly bounds: RequestBounds
  readonly signal: AbortSignal
}

/**
 * One long-lived stream per peer, protocol and direction: the opener asks, the acceptor answers (specification section 10.1).
 * Streams open on demand, carry up to 64 requests with their own credit, and end together when a peer offends.
 */
export class KeptStreams implements AsyncDisposable {
  readonly #ports: KeptStreamsPorts
  readonly #clock: Clock
  readonly #handlers = new Map<string, RequestHandler>()
  readonly #asking: OpenedStreams
  readonly #answering = new StreamsByPeer<AnsweringStream>()
  readonly #closing = new AbortController()

  constructor(ports: KeptStreamsPorts) {
    this.#ports = ports
    this.#clock = ports.clock ?? systemClock
    this.#asking = new OpenedStreams({
      ...{ openStream: ports.openStream, clock: this.#clock, closing: this.#closing.signal },
      onOffence: (peer, code) => this.reportOffence(peer, code),
      onLost: (peer, error) => this.#mayBeSilent(peer, error),
    })
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
    this.#answering.get(peer, protocol)?.end('replaced by a newer stream')
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
        this.#answering.drop(peer, protocol, stream)
        this.#mayBeSilent(peer, error)
      },
    })
    this.#answering.keep(peer, protocol, stream)
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
    const bounds = boundsOf(options)
    // A stream that is open ends when this node closes: only opening one needs to hear of it.
    const signal = options.signal ?? this.#closing.signal
    const stream = this.#asking.get(peer, protocol)
    if (stream !== null && this.#ports.downlink === undefined) return stream.request(payload, bounds, signal)
    return this.#requestInTurn({ peer, protocol, payload, bounds, signal })
  }

  /** What a peer's HELLO says it knows beyond the first version of a protocol. Throws the signal's reason or a `FederationError`. */
  async features(peer: PeerId, protocol: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const stream = await this.#asking.openWithin(FIRST_BYTE_MS, peer, protocol, signal)
    return await unlessAborted(stream.features, signal)
  }

  /** Whether a request runs with the peer, either way, over another protocol than these. */
  isAtWork(peer: PeerId, except: ReadonlySet<string>): boolean {
    const streams = [...this.#asking.of(peer), ...this.#answering.of(peer)]
    return streams.some(([protocol, stream]) => !except.has(protocol) && stream.isBusy())
  }

  /** Ends all streams with a peer. */
  endPeer(peer: PeerId, why = 'ended here'): void {
    this.#asking.end(peer, why)
    for (const [, stream] of this.#answering.of(peer)) stream.end(why)
  }

  /** Ends all streams with a peer that broke the protocol, here or in a protocol above, and tells the port. */
  reportOffence(peer: PeerId, code: OffenceCode): void {
    this.endPeer(peer, `offence: ${code}`)
    this.#ports.onOffence(peer, code)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new FederationError('E_CLOSED', 'this node is closing'))
    for (const peer of new Set([...this.#asking.peers, ...this.#answering.peers])) this.endPeer(peer, 'closing')
  }

  /** Over a stream that may have to be opened, at the pace of the downlink. */
  async *#requestInTurn({ peer, protocol, payload, bounds, signal }: Asked): AsyncGenerator<Uint8Array> {
    const stream =
      this.#asking.get(peer, protocol) ?? (await this.#asking.openWithin(bounds.firstByteMs, peer, protocol, signal))
    // What has arrived waits here: the peer is not taken for slow meanwhile, and gets no more credit.
    for await (const message of stream.request(payload, bounds, signal)) {
      await this.#ports.downlink?.take(peer, protocol, creditCostOf(message.byteLength), signal)
      yield message
    }
  }

  /** A slow artifact may hold up the other streams of a connection that is well. */
  #mayBeSilent(peer: PeerId, { code }: FederationError): void {
    if (code !== 'E_PEER_SILENT') return
    const streams = [...this.#asking.of(peer), ...this.#answering.of(peer)]
    const heardMs = Math.max(...streams.map(([, stream]) => stream.heardMs))
    if (this.#clock.now() - heardMs >= PONG_MS) this.#ports.onSilent?.(peer)
  }
}
