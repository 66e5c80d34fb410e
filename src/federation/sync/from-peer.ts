import { FederationError } from '../errors.ts'
import type { Failure } from './effects.ts'

/** Messages of a peer; whatever ends them early is thrown as `E_PEER_FAILED`, so that no failure of our own is taken for the peer's. */
export async function* fromPeer(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* parts
  } catch (cause) {
    throw peerFailed(cause)
  }
}

/** As `fromPeer`, of one answer. */
export async function unlessPeerFailed<T>(answer: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await answer
  } catch (cause) {
    throw peerFailed(cause)
  }
}

const peerFailed = (cause: unknown): FederationError =>
  new FederationError('E_PEER_FAILED', 'a peer did not answer a feed request', { cause })

/** Whose failure an error of a fetch is. */
export const failureOf = (error: unknown): Failure =>
  error instanceof FederationError && error.code === 'E_PEER_FAILED' ? 'failed' : 'local'
