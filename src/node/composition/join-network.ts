import type { DialBackRounds, DiscoveryDriver, GossipDriver, NodeRecords, SyncDriver } from '../../federation/index.ts'
import type { PeerId, PublisherId } from '../../protocol/index.ts'
import type { MirrorKeeper } from '../library/mirror-keeper.ts'
import { discoveryPortOf } from '../network/discovery-port.ts'
import { rememberPeers } from '../network/peer-memory.ts'
import { acceptStreams } from '../network/stream-port.ts'
import type { NodeContext } from '../node-context.ts'
import type { SnapshotJoiner } from '../snapshots/index.ts'
import { answerPeers } from './answer-peers.ts'
import type { Exchange } from './exchange.ts'
import { dialBacksOf } from './join-dial-back.ts'
import { discoveryOf, lookForPeers } from './join-discovery.ts'
import { gossipOf } from './join-gossip.ts'
import { keepMembers } from './join-members.ts'
import { joinMirrors } from './join-mirrors.ts'
import { nodeRecordsOf } from './join-records.ts'
import { syncOf } from './join-sync.ts'
import { type Everything, openEverything } from './open-everything.ts'
import type { OpenHome } from './open-home.ts'
import { openSnapshots } from './open-snapshots.ts'

/** What goes on between this node and its peers. */
export interface Federation {
  readonly sync: SyncDriver
  readonly gossip: GossipDriver
  readonly discovery: DiscoveryDriver
  readonly mirror: MirrorKeeper
  /** null: the network is off. */
  readonly everything: Everything | null
  readonly records: NodeRecords
  readonly dialBacks: DialBackRounds
  readonly snapshots: SnapshotJoiner
}

/** Answers peers, and starts gossip, catch-up, peer keeping and mirroring. */
export async function joinFederation(
  stack: AsyncDisposableStack,
  home: OpenHome,
  exchange: Exchange,
  node: NodeContext,
): Promise<Federation> {
  answerPeers(home, exchange, node)
  const port = discoveryPortOf(node.libp2p)
  stack.defer(port.onDisconnect(peer => exchange.streams.endPeer(peer, 'disconnected')))
  const discovery = stack.use(discoveryOf(home, exchange, node))
  stack.defer(keepMembers(node, exchange, discovery))
  const { connectedPeers } = node.libp2p.services
  stack.defer(connectedPeers.onIdentify(({ peer, isOfNetwork }) => discovery.identified(peer, isOfNetwork)))
  const joined: { everything: Everything | null } = { everything: null }
  const everything = () => joined.everything
  const onHolds = (peer: PeerId, publishers: ReadonlySet<PublisherId>) => discovery.names(peer, publishers)
  const sync = stack.use(syncOf(home, exchange, { everything, onHolds }))
  joined.everything = await openEverything(stack, home, exchange, node, sync)
  const gossip = stack.use(gossipOf(exchange, node, sync, everything))
  const mirror = joinMirrors(stack, node)
  const { joiner: snapshots, answer } = openSnapshots(stack, home, exchange, node)
  exchange.streams.handle(exchange.protocols.snapshot, answer)
  exchange.onOwnRecord(record => {
    gossip.announce(record).catch(() => node.metrics.refusals.inc({ code: 'announce failed' }))
  })
  home.onCorrupt(() => mirror.look())
  stack.use(rememberPeers(connectedPeers, home.peers))
  const records = stack.use(nodeRecordsOf(exchange, node, discovery))
  exchange.streams.handle(exchange.protocols.peers, records.answer())
  const dialBacks = dialBacksOf(stack, exchange, node)
  exchange.streams.handle(exchange.protocols.dialBack, dialBacks.answer)
  const came = (peer: PeerId, direction: 'inbound' | 'outbound') => {
    dialBacks.rounds.connected()
    records.connected(peer, direction === 'outbound' ? 'dialled' : 'came')
    sync.connected(peer, home.peers.isPinned(peer) ? 'pinned' : 'other')
    joined.everything?.lists.read(peer)
    mirror.peerCame()
    snapshots.peerCame()
    node.holding.look()
    node.sharing.look()
  }
  stack.defer(exchange.connections.onConnect(came, peer => sync.disconnected(peer)))
  stack.defer(await acceptStreams(node.libp2p, Object.values(exchange.protocols), exchange.streams, exchange.ledger))
  await lookForPeers(node, home, discovery)
  const others = { records, dialBacks: dialBacks.rounds, snapshots, everything: joined.everything }
  return { sync, gossip, discovery, mirror, ...others }
}
