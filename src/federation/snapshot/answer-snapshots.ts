import { encodeCanonical, type PeerId } from '../../protocol/index.ts'
import { type ArtifactSource, contentHandler } from '../content/content-server.ts'
import { FederationError } from '../errors.ts'
import type { RequestHandler } from '../streams/answering-stream.ts'

/** Name of the protocol on a network. */
export function snapshotProtocolOf(network: string): string {
  return `/hanse/${network}/snapshot/1`
}

/** What a peer sends to have the newest manifest; any other request is one of the content protocol, for a pack. */
export const MANIFEST_REQUEST = encodeCanonical({ ask: 'manifest' })

/** What is served: nothing while no snapshot was made, or while it holds what may no longer go out. */
export interface SnapshotSource extends ArtifactSource {
  /** The signed manifest, or null. */
  manifest(): Uint8Array | null
  mayServe(peer: PeerId): boolean
}

/** Serves `/hanse/<net>/snapshot/1`: the manifest, and packs as the content protocol serves artifacts. */
export function snapshotHandler(source: SnapshotSource): RequestHandler {
  const packs = contentHandler(source, (_cid, peer) => source.mayServe(peer))
  return async function* answer(request) {
    if (Buffer.compare(request.payload, MANIFEST_REQUEST) !== 0) return yield* packs(request)
    const manifest = source.mayServe(request.peer) ? source.manifest() : null
    if (manifest === null) throw new FederationError('E_NOT_FOUND', 'no snapshot here')
    yield manifest
  }
}
