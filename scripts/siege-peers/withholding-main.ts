/** A process of hostile peers that stand in a node's mesh, forward nothing and answer that they hold nothing. Ends with its parent. */
import { TopicValidatorResult } from '@libp2p/gossipsub'
import { multiaddr } from '@multiformats/multiaddr'
import { KeptStreams } from '../../src/federation/index.ts'
import { acceptStreams, openStreamOver } from '../../src/node/network/stream-port.ts'
import { encodeHeads } from '../../src/protocol/index.ts'
import { NET, startBarePeer, TOPIC } from './bare-peer.ts'

const FEED = `/hanse/${NET}/feed/1`
const SETTLE_MS = 3_000
const [address = '', count = '40'] = process.argv.slice(2)

process.on('disconnect', () => process.exit())
for (let i = 0; i < Number(count); i++) {
  const peer = await startBarePeer()
  const streams = new KeptStreams({ openStream: openStreamOver(() => peer), onOffence: () => {} })
  streams.handle(FEED, async function* nothing() {
    yield* encodeHeads([])
  })
  await acceptStreams(peer, [FEED], streams)
  peer.services.pubsub.topicValidators.set(TOPIC, () => TopicValidatorResult.Ignore)
  peer.services.pubsub.subscribe(TOPIC)
  const dial = () => peer.dial(multiaddr(address), { signal: AbortSignal.timeout(10_000) }).catch(() => {})
  await dial()
  peer.addEventListener('peer:disconnect', () => void setTimeout(dial, 1_000))
}
setTimeout(() => process.send!({ ready: true }), SETTLE_MS)
