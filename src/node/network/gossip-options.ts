import type { GossipsubOpts } from '@libp2p/gossipsub'
import { framedMessageId } from './message-id.ts'

/** Gossipsub's settings for announcements; each deviation from its defaults is measured (`src/federation/README.md`, Gossip). */
export function gossipOptionsOf(topics: readonly string[]): Partial<GossipsubOpts> {
  return {
    globalSignaturePolicy: 'StrictNoSign',
    runOnLimitedConnection: true,
    msgIdFn: message => framedMessageId(message.topic, message.data),
    fastMsgIdFn: message =>
      Buffer.from(framedMessageId(message.topic, message.data ?? new Uint8Array())).toString('latin1'),
    allowedTopics: [...topics],
    D: 6,
    Dlo: 4,
    Dhi: 12,
    floodPublish: true,
    fallbackToFloodsub: false,
    idontwantMinDataSize: 64 << 10,
    maxInboundDataLength: 256 << 10,
    allowPublishToZeroTopicPeers: true,
    scoreParams: { IPColocationFactorWeight: 0 },
  }
}
