import { FOLD_NUMBER } from '../../protocol/index.ts'
import { unlessDamaged } from '../library/stored-bodies.ts'
import { closedToAll } from '../network/membership.ts'
import type { NodeContext } from '../node-context.ts'
import { advisorySums } from './advisories.ts'
import { bootstrapProblem } from './bootstrap-health.ts'
import { foreignProblem } from './foreign-peers.ts'
import { reachabilityText } from './reachability.ts'

/** The node in one document; counts are numbers. What is shared of which host is told to administrators, as upstreams are. */
export async function status(node: NodeContext, { isAdmin }: { readonly isAdmin: boolean }): Promise<object> {
  const counts = await countsOf(node)
  const sharing = isAdmin ? node.sharing.notice(node.upstreams.list()) : null
  return {
    peerId: node.libp2p.peerId.toString(),
    publisher: node.writer.publisher,
    network: { id: node.net, mode: node.config.network.mode },
    addresses: node.libp2p.getMultiaddrs().map(String),
    reachable: reachabilityText(node),
    ...contactOf(node),
    peers: node.connectedPeers().length,
    ...counts,
    ...advisoriesOf(node),
    catalogueDigest: node.library.digest(),
    foldVersion: FOLD_NUMBER,
    policy: node.policy.inForce().mode,
    ...(sharing === null ? {} : { sharing }),
    recovery: node.identity().recoveryExported ? 'exported' : 'not exported',
    ...everythingOf(node),
    freshness: node.freshness(),
    health: [...node.problems(), connectionProblem(node) ?? []].flat().join('; ') || 'ok',
  }
}

/** What keeps the node from meeting others. */
const connectionProblem = (node: NodeContext): string | null =>
  closedToAll(node.config.network) ?? bootstrapProblem(node) ?? foreignProblem(node)

/** Whom others tell of abuse. */
function contactOf({ config }: NodeContext) {
  const { contact } = config.network
  return contact === undefined ? {} : { contact }
}

/** What `follow '*'` brought so far. */
function everythingOf(node: NodeContext) {
  if (!node.relations.followsEverything) return {}
  const { publishers, bytes, spent } = node.everything()?.publishers.sums() ?? { publishers: 0, bytes: 0, spent: 0 }
  const who = publishers === 1 ? '1 unknown publisher' : `${publishers} unknown publishers`
  const withSpent = spent === 0 ? '' : `; ${spent} with a spent quota (hanse publishers)`
  return { follows: `everything: ${who}, ${bytes} bytes${withSpent}` }
}

/** How many advisories are held, and when the newest of them was last changed. */
function advisoriesOf(node: NodeContext) {
  const { held, newest } = advisorySums(node)
  return { advisories: held, newestAdvisory: newest }
}

async function countsOf(node: NodeContext) {
  const catalogues = node.library.catalogue.publishers().map(id => node.library.catalogue.publisher(id))
  let artifacts = 0
  let bytes = 0
  for await (const { size } of node.artifacts.list()) {
    artifacts++
    bytes += size
  }
  return {
    feeds: catalogues.reduce((sum, catalogue) => sum + (catalogue?.feeds.length ?? 0), 0),
    releases: catalogues.reduce((sum, catalogue) => sum + (unlessDamaged(() => catalogue?.releases ?? 0) ?? 0), 0),
    artifacts,
    bytes,
  }
}
