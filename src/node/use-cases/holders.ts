import { hasArtifact } from '../../federation/index.ts'
import type { Artifact, PackageState, PeerId, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { mayHold, newestLiveOf } from './release-holders.ts'
import { statedHoldersOf } from './stated-holders.ts'

/** Peers asked whether they have an artifact, and how long the answer may take; ms. */
const MAX_PEERS_PROBED = 16
const PROBE_MS = 500

/** Who holds a package's newest release. */
export interface Holders {
  readonly all: readonly PeerId[]
  /** Of them the peers that said so just now: their own word, and no proof. */
  readonly answered: readonly PeerId[]
}

export const NOBODY_ASKED: Holders = { all: [], answered: [] }

/**
 * Who holds every artifact of the package's newest release: this node, connected peers that say so now, and peers that signed it;
 * of what is not public only those that may know of it are asked and named.
 */
export async function holdersOf(
  node: NodeContext,
  publisher: PublisherId,
  state: PackageState | null,
): Promise<Holders> {
  const newest = newestLiveOf(state)
  const artifacts = (newest?.artifacts ?? []).map(({ artifact }) => artifact)
  if (newest === null || artifacts.length === 0) return NOBODY_ASKED
  const mayBe = mayHold(node, publisher, newest)
  const held = await Promise.all(artifacts.map(artifact => node.artifacts.has(artifact.sha256)))
  const self = held.every(Boolean) ? [node.libp2p.peerId.toString() as PeerId] : []
  const peers = node.connectedPeers().filter(mayBe).slice(0, MAX_PEERS_PROBED)
  const answers = await Promise.all(peers.map(peer => hasAll(node, peer, artifacts)))
  const stated = statedHoldersOf(node, publisher).filter(
    peer => mayBe(peer) && !node.absent.has(publisher, peer, Date.now()),
  )
  const answered = peers.filter((_, i) => answers[i])
  return { all: [...new Set([...self, ...answered, ...stated])], answered }
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
