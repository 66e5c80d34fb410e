import { type DiscoveryDriver, NodeRecords, systemClock } from '../../federation/index.ts'
import { openNodeRecordOnPool, type PeerId, type PublisherId } from '../../protocol/index.ts'
import { reachOfAddress, reachOfPeer } from '../network/address-reach.ts'
import { OwnNodeRecord } from '../network/own-node-record.ts'
import type { NodeContext } from '../node-context.ts'
import { heldTags } from '../use-cases/search-public.ts'
import type { Exchange } from './exchange.ts'

/** Publishers whose public bytes this node keeps and may say so: its own, and those it mirrors. */
function keptPublishers({ relations, writer, library }: NodeContext): readonly PublisherId[] {
  const kept = relations.known().filter(each => relations.relationOf(each).mirror)
  return [...new Set([writer.publisher, ...kept])].filter(each => library.access.hasPublicPackage(each))
}

/** The exchange of signed node records with peers; what they say of others becomes candidates of the peer keeper. */
export function nodeRecordsOf(exchange: Exchange, node: NodeContext, discovery: DiscoveryDriver): NodeRecords {
  const { libp2p, net, config } = node
  const self = libp2p.peerId.toString() as PeerId
  const isAnnounced = config.network.announce.some(address => reachOfAddress(address) === 'world')
  const own = new OwnNodeRecord({
    ...{
      net,
      peer: self,
      roles: () => (config.network.relay ? ['relay'] : []),
      software: { name: 'hanse', version: node.version },
    },
    contact: config.network.contact,
    sign: bytes => node.identity().node.sign(bytes),
    addresses: () => libp2p.getMultiaddrs().map(String),
    mirrors: () => keptPublishers(node),
    held: () => heldTags(node),
    time: Date.now,
  })
  const reachOf = (peer: PeerId) => {
    if (!exchange.connections.isOfUse(peer)) return null
    const connections = libp2p.getConnections().filter(({ remotePeer }) => remotePeer.toString() === peer)
    const seen = connections.map(({ direction, remoteAddr }) => ({ direction, remote: remoteAddr.toString() }))
    return reachOfPeer(seen, isAnnounced)
  }
  // Whom an authority does not name yet it may name later: then the candidate is there.
  const mayDial = (peer: PeerId) =>
    config.network.mode !== 'private' || config.network.authority !== undefined || exchange.membership.admits(peer)
  return new NodeRecords({
    request: (peer, payload, options) => exchange.streams.request(peer, exchange.protocols.peers, payload, options),
    open: envelope => openNodeRecordOnPool(envelope, net),
    own: reach => own.records(reach),
    ...{ reachOf, reachOfAddress, self, clock: systemClock, time: Date.now, random: Math.random },
    connectedPeers: () => exchange.connections.connected(),
    isLacking: () => discovery.isLacking,
    wantedMirrors: () => discovery.unheld(),
    onRecords: (records, from) => {
      const useful = records.filter(({ peer, addresses }) => addresses.length > 0 && mayDial(peer))
      for (const { peer, held = [] } of useful) discovery.says(peer, held)
      discovery.heard(useful, 'record', from)
      for (const { peer, mirrors } of useful) discovery.claims(peer, mirrors)
    },
    onOffence: (peer, code) => exchange.streams.reportOffence(peer, code),
  })
}
