import { join } from 'node:path'
import type { LoadedConfig } from '../config/index.ts'
import { CatchUp } from '../library/catch-up.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics/metrics.ts'
import { connectedFigures } from '../network/connected-figures.ts'
import { closedToAll } from '../network/membership.ts'
import type { Network } from '../network/network.ts'
import type { NodeContext } from '../node-context.ts'
import { removeOldFormerCaches } from '../use-cases/cache-former.ts'
import { isInstallableFrom } from './apply-relations.ts'
import { Exchange } from './exchange.ts'
import { foundRelays } from './found-relays.ts'
import { type Federation, joinFederation } from './join-network.ts'
import { type NodeSurroundings, nodeContextOf } from './node-context-of.ts'
import type { OpenHome } from './open-home.ts'
import { openNetwork } from './open-network.ts'
import { Upstreams } from './open-upstreams.ts'

/** Joins the network with what is on disk. */
export async function openNode(
  stack: AsyncDisposableStack,
  home: OpenHome,
  loaded: LoadedConfig,
  surroundings: NodeSurroundings,
): Promise<NodeContext> {
  const net = loaded.config.network.id
  let libp2p: Network | null = null
  const network = (): Network => {
    if (libp2p === null) throw new TypeError('the network is not started yet')
    return libp2p
  }
  const { library } = home
  const metrics = createMetrics({
    peers: () => exchange.connections.connected().length,
    feeds: () => library.feedCount(),
    packages: () => library.index.stats().documents,
    shortPackages: () => node.copies.shortPackages,
    unknownPublishers: () => node.everything()?.publishers.sums().publishers ?? 0,
    spentPublishers: () => node.everything()?.publishers.sums().spent ?? 0,
    connections: () => connectedFigures(network(), exchange.ledger),
  })
  const exchange = stack.use(new Exchange({ net, config: loaded.config, home, metrics, network }))
  library.access.ownedBy(exchange.writer.publisher)
  await exchange.writer.begin()
  await home.artifacts.marks.markOwn(library.access.releasedHere())
  const federation: { joined: Federation | null } = { joined: null }
  const found = () => (federation.joined === null ? [] : foundRelays(network(), federation.joined))
  libp2p = (await openNetwork(stack, home, exchange, loaded, found)).libp2p
  const upstreams = stack.use(upstreamsOf(home, loaded, surroundings, () => node.sharing))
  const catchUp: { started: CatchUp | null } = { started: null }
  const parts = { home, loaded, surroundings, exchange, libp2p, metrics, upstreams, catchUp: () => catchUp.started }
  const node = nodeContextOf({ ...parts, federation: () => federation.joined })
  stack.use(node.lookAlikes)
  stack.use(node.sharing)
  federation.joined = await joinFederation(stack, home, exchange, node)
  const closed = closedToAll(loaded.config.network)
  if (closed !== null) createLog().warn({ code: 'E_NETWORK' }, closed)
  const stop = library.access.onFirstPublic(exchange.writer.publisher, () => node.applyRelations())
  stack.defer(stop)
  node.applyRelations()
  const { sync } = federation.joined
  catchUp.started = stack.use(
    await CatchUp.start({
      path: join(home.paths.state, 'last-there'),
      // Of whom nothing is held, as of those that wait for a snapshot, nothing can have been withdrawn.
      publishers: home.relations
        .known()
        .filter(id => library.catalogue.publisher(id) !== null && isInstallableFrom(home.relations.relationOf(id))),
      limitMs: loaded.config.network.catchUpMs,
      knownPeers: exchange.connections.known().size,
      caughtUp: (publishers, peers, signal) => sync.caughtUp(publishers, peers, signal),
    }),
  )
  const cleaned = removeOldFormerCaches(node, Date.now()).catch(err => createLog().error({ err }, 'former caches'))
  stack.defer(async () => void (await cleaned))
  // What keeps it from writing is told by /readyz and by the first write, which tries again.
  exchange.writer.prepare().catch(() => {})
  return node
}

function upstreamsOf(
  home: OpenHome,
  { config }: LoadedConfig,
  { variables }: NodeSurroundings,
  sharing: () => NodeContext['sharing'],
): Upstreams {
  const { paths, database, cache, upstreamBook: book } = home
  const log = createLog()
  const { publicUrl } = config.http
  const upstreams = new Upstreams({
    ...{ paths, database, configured: config.upstreams, book, variables, sharing },
    artifactsOf: name => cache.artifactsOf(name),
    denied: home.purges,
    isPurged: home.isPurged,
    requireRoom: () => home.disk.requireRoom(),
    log: (message, err) => log.error({ err }, message),
  })
  if (publicUrl !== undefined) upstreams.ownUrls.push(publicUrl)
  return upstreams
}
