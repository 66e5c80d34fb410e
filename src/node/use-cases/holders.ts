import type { PackageState, PeerId, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

/** Peers that signed that they keep a publisher's bytes, or some of these. */
export function statedHoldersOf(node: NodeContext, publisher: PublisherId): readonly PeerId[] {
  const stated = node.library.catalogue
    .publishers()
    .flatMap(id => node.library.catalogue.publisher(id)?.holds ?? [])
    .filter(({ publishers }) => publishers.has(publisher))
  return [...new Set(stated.map(({ peer }) => peer))]
}

/** This node if it holds every artifact of the package, and the peers that say they do. */
export async function holdersOf(
  node: NodeContext,
  publisher: PublisherId,
  state: PackageState | null,
): Promise<readonly PeerId[]> {
  const artifacts = [...(state?.releases.values() ?? [])].flatMap(release => release.artifacts)
  const held = await Promise.all(artifacts.map(({ artifact }) => node.artifacts.has(artifact.sha256)))
  const self = held.length > 0 && held.every(Boolean) ? [node.libp2p.peerId.toString() as PeerId] : []
  return [...self, ...statedHoldersOf(node, publisher)]
}
