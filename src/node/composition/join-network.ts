import {
  announcementCodecOf,
  answerSearches,
  contentHandler,
  type DialBackRounds,
  type DialFailure,
  DiscoveryDriver,
  dialCodeOf,
  dialWhyOf,
  FeedHandler,
  GossipDriver,
  heldBack,
  type NodeRecords,
  SyncDriver,
  systemClock,
} from '../../federation/index.ts'
import { type PeerId, type PublisherId, type Relation, topicsOf } from '../../protocol/index.ts'
import { ListedPublishers } from '../library/listed-publishers.ts'
import type { MirrorKeeper } from '../library/mirror-keeper.ts'
import { createLog } from '../log.ts'
import { groupOfAddress } from '../network/address-group.ts'
import { discoveryPortOf, parsePeerAddress } from '../network/discovery-port.ts'
import { gossipPortOf } from '../network/gossip-port.ts'
import { rememberPeers } from '../network/peer-memory.ts'
import { acceptStreams } from '../network/stream-port.ts'
import type { NodeContext } from '../node-context.ts'
import type { SnapshotJoiner } from '../snapshots/index.ts'
import { heldTags, searchPublic } from '../use-cases/search-public.ts'
import type { Exchange } from './exchange.ts'
import { dialBacksOf } from './join-dial-back.ts'
import { authorityOf, keepMembers } from './join-members.ts'
import { joinMirrors } from './join-mirrors.ts'
import { nodeRecordsOf } from './join-records.ts'
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
  const joined: { everything: Everything | null; discovery: DiscoveryDriver | null } = {
    everything: null,
    discovery: null,
  }
  const everything = () => joined.everything
  const onHolds = (peer: PeerId, publishers: ReadonlySet<PublisherId>) => joined.discovery?.names(peer, publishers)
  const sync = stack.use(syncOf(home, exchange, node, { everything, onHolds }))
  joined.everything = await openEverything(stack, home, exchange, node, sync)
  const gossip = stack.use(gossipOf(exchange, node, sync, everything))
  const mirror = joinMirrors(stack, node)
  const { joiner: snapshots, answer } = openSnapshots(stack, home, exchange, node)
  exchange.streams.handle(exchange.protocols.snapshot, answer)
  exchange.onOwnRecord(record => {
    gossip.announce(record).catch(() => node.metrics.refusals.inc({ code: 'announce failed' }))
  })
  home.onCorrupt(() => mirror.look())
  stack.use(rememberPeers(node.libp2p, home.peers))
  const records = stack.use(nodeRecordsOf(exchange, node, () => discovery))
  exchange.streams.handle(exchange.protocols.peers, records.answer())
  const dialBacks = dialBacksOf(stack, exchange, node)
  exchange.streams.handle(exchange.protocols.dialBack, dialBacks.answer)
  stack.defer(
    port.onConnect((peer, direction) => {
      dialBacks.rounds.connected()
      records.connected(peer, direction === 'outbound' ? 'dialled' : 'came')
      sync.connected(peer, home.peers.isPinned(peer) ? 'pinned' : 'other')
      joined.everything?.lists.read(peer)
      mirror.peerCame()
      snapshots.peerCame()
      node.holding.look()
      node.sharing.look()
    }),
  )
  stack.defer(
    port.onDisconnect(peer => {
      exchange.streams.endPeer(peer, 'disconnected')
      sync.disconnected(peer)
    }),
  )
  stack.defer(await acceptStreams(node.libp2p, Object.values(exchange.protocols), exchange.streams, exchange.ledger))
  const self = node.libp2p.peerId.toString() as PeerId
  const onUnreachable = (peer: PeerId, why: DialFailure) => warnUnreachable(node, peer, why)
  const discovery: DiscoveryDriver = stack.use(
    new DiscoveryDriver({
      ...{ network: port, clock: systemClock, random: Math.random, self, onUnreachable },
      groupOf: groupOfAddress,
      isAtWork: peer => isAtWork(exchange, node, peer),
      onAnchors: anchors => home.anchors.keep(anchors),
    }),
  )
  joined.discovery = discovery
  exchange.onBrought(peer => discovery.brought(peer))
  if (node.config.network.mode !== 'off') lookForPeers(node, home, discovery)
  stack.defer(keepMembers(node, exchange, discovery))
  const others = { records, dialBacks: dialBacks.rounds, snapshots, everything: joined.everything }
  return { sync, gossip, discovery, mirror, ...others }
}

/** Whether a request other than for records runs with the peer, or others reach this node through it. */
function isAtWork({ streams, protocols }: Exchange, { libp2p }: NodeContext, peer: PeerId): boolean {
  const isRelay = () => libp2p.getMultiaddrs().some(address => `${address}`.includes(`/p2p/${peer}/p2p-circuit`))
  return streams.isAtWork(peer, new Set([protocols.feed])) || isRelay()
}

function answerPeers(home: OpenHome, exchange: Exchange, node: NodeContext): void {
  const { streams, protocols, changes } = exchange
  const { gate, artifacts, library, relations } = home
  // Blocked it was served to nobody: those who asked meanwhile have not heard of it.
  relations.onChange((publisher, before) => {
    if (before.block) changes.log.touch(publisher)
  })
  const feeds = new FeedHandler({
    store: library.store,
    changes,
    hold: heldBack({ clock: systemClock, random: Math.random, isAnnounced: head => library.access.isPublic(head) }),
    mayServeFeed: (feed, peer) => library.isWhole(feed) && gate.mayServeFeed(feed, peer),
    mayLookUp: (peer, publishers) => exchange.mayLookUp(peer, publishers),
    listed: new ListedPublishers(library.access, relations),
  })
  streams.handle(protocols.feed, request => feeds.handle(request))
  const source = { readBlock: artifacts.readBlock.bind(artifacts) }
  streams.handle(
    protocols.content,
    contentHandler(
      source,
      (cid, peer) => gate.mayServeBlock(cid, peer),
      peer => exchange.missed(peer),
    ),
  )
  streams.handle(
    protocols.search,
    answerSearches({
      searchPublic: query => searchPublic(node, query),
      held: () => heldTags(node),
      clock: systemClock,
    }),
  )
}

function syncOf(
  { library, relations }: OpenHome,
  exchange: Exchange,
  { metrics }: NodeContext,
  {
    everything,
    onHolds,
  }: {
    readonly everything: () => Everything | null
    readonly onHolds: (peer: PeerId, publishers: ReadonlySet<PublisherId>) => void
  },
): SyncDriver {
  return new SyncDriver({
    client: exchange.feedClient,
    intake: exchange.intake,
    clock: systemClock,
    random: Math.random,
    dropPeer: (peer, why) => {
      metrics.refusals.inc({ code: why })
      exchange.ledger.refused(peer, why)
      if (why === 'bad record') exchange.refuse(peer)
      else exchange.refuseUnreliable(peer)
    },
    everything: {
      isWanted: () => relations.followsEverything,
      heard: publishers => everything()?.publishers.heard(publishers),
    },
    // Unknown ones were heard of because peers list them, also before anything of theirs is held here.
    isListed: publisher =>
      library.access.hasPublicPackage(publisher) || everything()?.publishers.isUnknown(publisher) === true,
    onNamed: (peer, heads) => exchange.changes.heldBy(peer, heads),
    onHolds,
    pinnedHeads: publisher => [...library.catalogue.voidedHeadsOf(publisher), ...library.lostHeads(publisher)],
  })
}

function gossipOf(
  exchange: Exchange,
  node: NodeContext,
  sync: SyncDriver,
  everything: () => Everything | null,
): GossipDriver {
  const { writer, intake } = exchange
  const { library, relations, metrics, net } = node
  const sealHead: NonNullable<Parameters<typeof announcementCodecOf>[0]['sealHead']> = record =>
    writer.isOwnFeed(record.publisher, record.feed) ? writer.sealHeadOf(record) : null
  return new GossipDriver({
    network: gossipPortOf(node.libp2p.services.pubsub, topicsOf(net)),
    codec: announcementCodecOf({ net, sealHead }),
    intake,
    clock: systemClock,
    isFollowed: publisher =>
      publisher === writer.publisher || publisher === authorityOf(node) || relations.relationOf(publisher).follow,
    unknown: {
      isTaken: publisher => everything()?.publishers.isFollowed(publisher) ?? false,
      heard: publishers => everything()?.publishers.heard(publishers),
    },
    mayAnnounce: (publisher, feed) => library.access.isPublic({ publisher, feed }),
    onGap: (publisher, peer) => sync.gap(publisher, peer),
    onRefused: ({ why }, peer) => {
      metrics.refusals.inc({ code: `gossip ${why}` })
      if (why !== 'known') exchange.ledger.refused(peer, `gossip ${why}`)
    },
    dropPeer: (peer, why) => {
      metrics.refusals.inc({ code: `dropped: gossip ${why}` })
      exchange.ledger.refused(peer, `dropped: gossip ${why}`)
      exchange.refuse(peer)
    },
  })
}

function lookForPeers({ config, peers, libp2p }: NodeContext, home: OpenHome, discovery: DiscoveryDriver): void {
  discovery.heard(home.anchors.all(), 'anchor')
  discovery.heard(
    config.network.bootstrap.map(parsePeerAddress).filter(address => address !== null),
    'bootstrap',
  )
  discovery.heard(peers.all(true), 'pinned')
  discovery.heard(peers.all(false), 'book')
  libp2p.addEventListener('peer:discovery', ({ detail }) => {
    discovery.heard([{ peer: detail.id.toString() as PeerId, addresses: detail.multiaddrs.map(String) }], 'hint')
  })
}

/** One line for a peer that somebody chose; of those found by chance many are gone, and nobody wants to know. */
function warnUnreachable({ config, peers }: NodeContext, peer: PeerId, why: DialFailure): void {
  const bootstrap = config.network.bootstrap.find(address => parsePeerAddress(address)?.peer === peer)
  const isChosen = bootstrap !== undefined || peers.isPinned(peer)
  if (!isChosen || config.network.mode === 'off') return
  const what = bootstrap === undefined ? `pinned peer ${peer}` : `bootstrap peer ${bootstrap}`
  const message = `${what} cannot be reached: ${dialWhyOf(why)}; this node serves on and tries it again`
  createLog().warn({ code: dialCodeOf(why), peer }, message)
}

/** Whether anything that this node serves may rest on a publisher's word. */
export const isInstallableFrom = ({ allow, origin }: Pick<Relation, 'allow' | 'origin'>): boolean =>
  allow !== 'none' || origin

/** Follows, mirrors, signs that it does, and announces, as the relations say now. */
export function applyRelations(
  node: NodeContext,
  { sync, discovery, mirror, snapshots, everything }: Federation,
): void {
  const { relations, config, writer, library } = node
  const known = relations.known()
  const isOwn = (publisher: PublisherId) => publisher === writer.publisher
  const authority = authorityOf(node)
  const isFollowed = (publisher: PublisherId) =>
    [writer.publisher, authority].includes(publisher) ||
    relations.relationOf(publisher).follow ||
    everything?.publishers.isFollowed(publisher)
  for (const publisher of known) if (!isFollowed(publisher)) sync.unfollow(publisher)
  const always = authority === null || isOwn(authority) ? [] : [authority]
  const followed = [...new Set([...always, ...known.filter(publisher => relations.relationOf(publisher).follow)])]
  const ready = [...always, ...snapshots.ready(followed)]
  // What may be installed is asked for first.
  const installable = ready.filter(publisher => isInstallableFrom(relations.relationOf(publisher)))
  // The own publisher may have feeds of other nodes: those before a restore, or of another writer.
  sync.follow([...new Set([writer.publisher, ...installable, ...ready])])
  const mirrored = followed.filter(publisher => relations.relationOf(publisher).mirror)
  const own: readonly PublisherId[] = library.access.hasPublicPackage(writer.publisher) ? [writer.publisher] : []
  if (config.network.mode !== 'off') discovery.serve(followed, [...own, ...mirrored])
  node.copies.stale()
  mirror.look()
  node.holding.look()
}
