import { type GossipSub, TopicValidatorResult } from '@libp2p/gossipsub'
import type { GossipNetwork } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { listenToTraffic } from './gossip-traffic.ts'

/** Gossipsub as the gossip driver sees it: validators decide, and nothing else reads the messages. */
export function gossipPortOf(pubsub: GossipSub, topics: readonly string[]): GossipNetwork {
  return {
    async publish(topic, bytes) {
      await pubsub.publish(topic, bytes)
    },
    onTraffic: traffic => listenToTraffic(pubsub, traffic),
    onMessage(judge) {
      for (const topic of topics) {
        pubsub.topicValidators.set(topic, async (peer, message) => {
          const answer = await judge(peer.toString() as PeerId, message.data)
          if (answer === 'accept') return TopicValidatorResult.Accept
          return answer === 'ignore' ? TopicValidatorResult.Ignore : TopicValidatorResult.Reject
        })
        pubsub.subscribe(topic)
      }
      return () => {
        for (const topic of topics) {
          pubsub.unsubscribe(topic)
          pubsub.topicValidators.delete(topic)
        }
      }
    },
  }
}
