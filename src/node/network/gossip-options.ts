import type { GossipsubOpts } from '@libp2p/gossipsub'
import type { TopicScoreParams } from '@libp2p/gossipsub/score'
import type { PeerId } from '../../protocol/index.ts'
import { framedMessageId } from './message-id.ts'

/** Without an entry a topic is not scored at all, and bad messages cost their sender nothing. */
const TOPIC_SCORE: TopicScoreParams = {
  topicWeight: 1,
  // P1, P2: a little for staying, more for bringing news first; half of it is gone after 70 s.
  ...{ timeInMeshWeight: 0.001, timeInMeshQuantum: 1_000, timeInMeshCap: 600 },
  ...{ firstMessageDeliveriesWeight: 1, firstMessageDeliveriesDecay: 0.99, firstMessageDeliveriesCap: 10 },
  // P3: off. With some records an hour nobody can be asked for a rate.
  ...{ meshMessageDeliveriesWeight: 0, meshMessageDeliveriesDecay: 0.5, meshMessageDeliveriesCap: 100 },
  ...{ meshMessageDeliveriesThreshold: 20, meshMessageDeliveriesWindow: 10, meshMessageDeliveriesActivation: 5_000 },
  ...{ meshFailurePenaltyWeight: 0, meshFailurePenaltyDecay: 0.5 },
  // P4: squared, so that three bad messages graylist; forgotten in some minutes.
  ...{ invalidMessageDeliveriesWeight: -10, invalidMessageDeliveriesDecay: 0.99 },
}

/** Gossipsub's settings for announcements; each deviation from its defaults is measured (`src/federation/README.md`, Gossip). */
export function gossipOptionsOf(
  topics: readonly string[],
  scoreOf: (peer: PeerId) => number = () => 0,
): Partial<GossipsubOpts> {
  return {
    globalSignaturePolicy: 'StrictNoSign',
    runOnLimitedConnection: true,
    msgIdFn: message => framedMessageId(message.topic, message.data),
    fastMsgIdFn: message =>
      Buffer.from(framedMessageId(message.topic, message.data ?? new Uint8Array())).toString('latin1'),
    allowedTopics: [...topics],
    D: 6,
    Dlo: 4,
    // Each member beyond six is a copy more of everything.
    Dhi: 8,
    // Offers to three outside the mesh, in each of three seconds, bring what the mesh lost; subscriptions tell the rest within eight.
    Dlazy: 3,
    gossipFactor: 0.12,
    floodPublish: true,
    fallbackToFloodsub: false,
    idontwantMinDataSize: 64 << 10,
    maxInboundDataLength: 256 << 10,
    allowPublishToZeroTopicPeers: true,
    // Shorter than the defaults where no honest node comes near: one topic a shard, one announcement a message.
    decodeRpcLimits: {
      ...{ maxSubscriptions: 512, maxMessages: 512, maxControlMessages: 64, maxPeerInfos: 16 },
      ...{ maxIhaveMessageIDs: 5_000, maxIwantMessageIDs: 5_000, maxIdontwantMessageIDs: 512 },
    },
    maxTopicBytesPerPeer: 256 << 10,
    scoreParams: {
      IPColocationFactorWeight: 0,
      // P5: what a peer did on its other streams.
      ...{ appSpecificWeight: 1, appSpecificScore: peer => scoreOf(peer as PeerId) },
      // Gossipsub keeps an entry for everyone who left with no good score: who comes again and again fills it.
      retainScore: 5 * 60_000,
      topics: Object.fromEntries(topics.map(topic => [topic, TOPIC_SCORE])),
    },
    // Above what comes of standing in the mesh alone: members that bring no news make room for those that do.
    scoreThresholds: { opportunisticGraftThreshold: 1 },
  }
}
