import type { PeerId } from '../../protocol/index.ts'

/** Bytes both ways, in order: all that the framing needs of a transport. */
export interface ByteDuplex {
  /** Resolves once the transport's buffer has room again; rejects when the duplex is closed. */
  send(bytes: Uint8Array): Promise<void>
  /** As `send` of all of them joined, which do not change until it is written; absent where nothing is saved by it. */
  sendParts?(parts: readonly Uint8Array[]): Promise<void>
  /** Sets the one reader; bytes that came before are handed over first. */
  onData(take: (bytes: Uint8Array) => void): void
  /** Sets the one listener for the end, called once, also when the end was before; the error is absent after a close. */
  onClose(closed: (error?: Error) => void): void
  /** Ends after what was sent is delivered. */
  close(): Promise<void>
  /** Ends now; what waits is thrown away. */
  abort(error: Error): void
}

/** Opens a stream of a protocol to a peer, dialling if needed. */
export type OpenStream = (peer: PeerId, protocol: string, options: { signal: AbortSignal }) => Promise<ByteDuplex>
