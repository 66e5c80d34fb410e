import type { PeerId } from '../../protocol/index.ts'
import type { FeedClient } from './fetch-range.ts'

/** A client that tells with each chunk how many bytes of its answers came of whom. */
export function heardClient(client: FeedClient, heard: (peer: PeerId, bytes: number) => void): FeedClient {
  return {
    request: (peer, payload, options) =>
      client.request(peer, payload, { ...options, onBytes: bytes => heard(peer, bytes) }),
    ...(client.features && { features: client.features.bind(client) }),
  }
}
