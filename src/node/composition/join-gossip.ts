import { announcementCodecOf, GossipDriver, type SyncDriver, systemClock } from '../../federation/index.ts'
import { topicsOf } from '../../protocol/index.ts'
import { gossipPortOf } from '../network/gossip-port.ts'
import type { NodeContext } from '../node-context.ts'
import type { Exchange } from './exchange.ts'
import { authorityOf } from './join-members.ts'
import type { Everything } from './open-everything.ts'

/** Announcements, of this node's releases and of others'. */
export function gossipOf(
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
    dropPeer: (peer, why) => exchange.refusals.offended(peer, `dropped: gossip ${why}`),
  })
}
