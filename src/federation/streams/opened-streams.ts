import type { PeerId } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { AskingStream } from './asking-stream.ts'
import type { OpenStream } from './byte-duplex.ts'
import type { Clock } from './clock.ts'
import { OPEN_MS } from './limits.ts'
import type { OffenceCode } from './offence.ts'
import { StreamsByPeer } from './streams-by-peer.ts'
import { unlessAborted } from './unless-aborted.ts'

export interface OpenedStreamsPorts {
  readonly openStream: OpenStream
  readonly clock: Clock
  /** Aborts when this node closes. */
  readonly closing: AbortSignal
  /** Told after the stream was ended. */
  readonly onOffence: (peer: PeerId, code: OffenceCode) => void
  /** A stream ended, or did not open. */
  readonly onLost: (peer: PeerId, error: FederationError) => void
}

/** A stream that is being opened, or is open. */
interface Opening {
  readonly stream: Promise<AskingStream>
  /** null: not open yet. */
  opened: AskingStream | null
}

/** The streams over which this node asks: opened on demand, one a peer and protocol, until they end. */
export class OpenedStreams {
  readonly #ports: OpenedStreamsPorts
  readonly #streams = new StreamsByPeer<Opening>()

  constructor(ports: OpenedStreamsPorts) {
    this.#ports = ports
  }

  /** The stream if it is open. */
  get(peer: PeerId, protocol: string): AskingStream | null {
    return this.#streams.get(peer, protocol)?.opened ?? null
  }

  /** Those that are open, with their protocols. */
  of(peer: PeerId): readonly (readonly [string, AskingStream])[] {
    return this.#streams.of(peer).flatMap(([protocol, { opened }]) => (opened === null ? [] : [[protocol, opened]]))
  }

  /** Peers to whom any is open or being opened. */
  get peers(): Iterable<PeerId> {
    return this.#streams.peers
  }

  /** The stream, opened in less than the first byte may take; 0: whenever it is. Throws the signal's reason or a `FederationError`. */
  async openWithin(ms: number, peer: PeerId, protocol: string, signal: AbortSignal): Promise<AskingStream> {
    const deadline = new AbortController()
    const late = new FederationError('E_FIRST_BYTE_LATE', `no stream within ${ms} ms`)
    const cancelTimer = ms === 0 ? () => {} : this.#ports.clock.after(ms, () => deadline.abort(late))
    const { closing } = this.#ports
    try {
      return await unlessAborted(this.#streamTo(peer, protocol), AbortSignal.any([closing, signal, deadline.signal]))
    } finally {
      cancelTimer()
    }
  }

  /** Ends all with a peer, also those that are being opened. */
  end(peer: PeerId, why: string): void {
    const streams = this.#streams.of(peer)
    this.#streams.dropAll(peer)
    for (const [, { stream }] of streams) {
      stream.then(
        opened => opened.end(why),
        () => {},
      )
    }
  }

  #streamTo(peer: PeerId, protocol: string): Promise<AskingStream> {
    const kept = this.#streams.get(peer, protocol)
    if (kept !== undefined) return kept.stream
    const forget = (error: FederationError) => {
      this.#streams.drop(peer, protocol, opening)
      opening.opened = null
      this.#ports.onLost(peer, error)
    }
    const opening: Opening = { stream: this.#open(peer, protocol, forget), opened: null }
    this.#streams.keep(peer, protocol, opening)
    opening.stream.then(stream => {
      if (!stream.isClosed) opening.opened = stream
    }, forget)
    return opening.stream
  }

  async #open(peer: PeerId, protocol: string, forget: (error: FederationError) => void): Promise<AskingStream> {
    const { clock, closing, onOffence } = this.#ports
    const timeout = new AbortController()
    const late = new FederationError('E_PEER_UNREACHABLE', `no stream within ${OPEN_MS} ms`)
    const cancelTimer = clock.after(OPEN_MS, () => timeout.abort(late))
    const signal = AbortSignal.any([closing, timeout.signal])
    try {
      const opening = this.#ports.openStream(peer, protocol, { signal })
      const duplex = await unlessAborted(opening, signal).catch(error => {
        opening.then(
          tooLate => tooLate.abort(late),
          () => {},
        )
        throw error
      })
      return new AskingStream(duplex, clock, code => onOffence(peer, code), forget)
    } catch (cause) {
      if (cause instanceof FederationError) throw cause
      throw new FederationError('E_PEER_UNREACHABLE', `no ${protocol} stream to ${peer}`, { cause })
    } finally {
      cancelTimer()
    }
  }
}
