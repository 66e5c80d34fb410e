import { FOLD_NUMBER } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { bootstrapProblem } from './bootstrap-health.ts'

/** The node in one document; counts are numbers. */
export async function status(node: NodeContext): Promise<object> {
  const counts = await countsOf(node)
  return {
    peerId: node.libp2p.peerId.toString(),
    publisher: node.writer.publisher,
    network: { id: node.net, mode: node.config.network.mode },
    addresses: node.libp2p.getMultiaddrs().map(String),
    peers: node.connectedPeers().length,
    ...counts,
    catalogueDigest: node.library.catalogue.digest(),
    foldVersion: FOLD_NUMBER,
    recovery: node.identity().recoveryExported ? 'exported' : 'not exported',
    health: [...node.problems(), bootstrapProblem(node) ?? []].flat().join('; ') || 'ok',
  }
}

async function countsOf(node: NodeContext) {
  const catalogues = node.library.catalogue.publishers().map(id => node.library.catalogue.publisher(id))
  const packages = catalogues.flatMap(catalogue => [...(catalogue?.packages.values() ?? [])])
  let artifacts = 0
  let bytes = 0
  for await (const { size } of node.artifacts.list()) {
    artifacts++
    bytes += size
  }
  return {
    feeds: catalogues.reduce((sum, catalogue) => sum + (catalogue?.feeds.length ?? 0), 0),
    releases: packages.reduce((sum, { releases }) => sum + releases.size, 0),
    artifacts,
    bytes,
  }
}
