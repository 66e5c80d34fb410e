import {
  type Artifact,
  encodeContentRequest,
  type PackageState,
  type PeerId,
  type PublisherId,
} from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

/** Peers that signed that they keep a publisher's bytes, or some of these. */
export function statedHoldersOf(node: NodeContext, publisher: PublisherId): readonly PeerId[] {
  const stated = node.library.catalogue
    .publishers()
    .flatMap(id => node.library.catalogue.publisher(id)?.holds ?? [])
    .filter(({ publishers }) => publishers.has(publisher))
  return [...new Set(stated.map(({ peer }) => peer))]
}

/** Peers asked whether they have an artifact, and how long the answer may take; ms. */
const MAX_PEERS_PROBED = 16
const PROBE_MS = 500

/** Who holds every artifact of the package's newest release: this node, connected peers that say so now, and peers that signed it. */
export async function holdersOf(
  node: NodeContext,
  publisher: PublisherId,
  state: PackageState | null,
): Promise<readonly PeerId[]> {
  const newest = [...(state?.releases.values() ?? [])].findLast(release => release.state === 'live')
  const artifacts = (newest?.artifacts ?? []).map(({ artifact }) => artifact)
  if (artifacts.length === 0) return []
  const held = await Promise.all(artifacts.map(artifact => node.artifacts.has(artifact.sha256)))
  const self = held.every(Boolean) ? [node.libp2p.peerId.toString() as PeerId] : []
  const peers = newest?.visibility === 'public' ? node.connectedPeers().slice(0, MAX_PEERS_PROBED) : []
  const answers = await Promise.all(peers.map(peer => hasAll(node, peer, artifacts)))
  return [...new Set([...self, ...peers.filter((_, i) => answers[i]), ...statedHoldersOf(node, publisher)])]
}

/** Asks a peer for none of the leaves of each artifact: an answer means that it has it and serves it. */
async function hasAll(node: NodeContext, peer: PeerId, artifacts: readonly Artifact[]): Promise<boolean> {
  const signal = AbortSignal.timeout(PROBE_MS)
  try {
    for (const { cid } of artifacts) {
      const request = encodeContentRequest({ ask: 'artifact', root: cid, from: 0, count: 0 })
      for await (const _root of node.streams.request(peer, node.protocols.content, request, { signal })) break
    }
    return true
  } catch {
    return false // gone, slow, or without it: no holder to count on
  }
}
