import { hasArtifact } from '../../federation/index.ts'
import type { Artifact, PackageState, PeerId, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { statedHoldersOf } from './stated-holders.ts'

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
  const stated = statedHoldersOf(node, publisher).filter(peer => !node.absent.has(publisher, peer, Date.now()))
  return [...new Set([...self, ...peers.filter((_, i) => answers[i]), ...stated])]
}

async function hasAll(node: NodeContext, peer: PeerId, artifacts: readonly Artifact[]): Promise<boolean> {
  const context = { streams: node.streams, protocol: node.protocols.content }
  const signal = AbortSignal.timeout(PROBE_MS)
  try {
    for (const { cid } of artifacts) if (!(await hasArtifact(context, peer, cid, { signal }))) return false
    return true
  } catch {
    return false // not in time
  }
}
