import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { GossipDriver } from '../../../src/federation/gossip/driver.ts'
import { announcementCodecOf, Intake, rangeVerifier, systemClock } from '../../../src/federation/index.ts'
import { gossipPortOf } from '../../../src/node/network/gossip-port.ts'
import { encodeAnnouncement, type PeerId, verifySignaturesOnPool } from '../../../src/protocol/index.ts'
import { Publisher } from '../../federation/simulation/cast.ts'
import { MemoryFeedStore } from '../../federation/sync/memory-feed-store.ts'
import { framed, NET, rpc, sayAll, saying, startLibp2p, TOPICS } from './gossip-speech.ts'

const p = new Publisher('acme')

/** A node that gossips, and a stream of a peer to it that says what it likes. */
async function besieged(stack: AsyncDisposableStack) {
  const [victim, hostile] = await Promise.all([startLibp2p(), startLibp2p()])
  stack.defer(async () => {
    await victim.stop()
    await hostile.stop()
  })
  const dropped = Promise.withResolvers<{ peer: PeerId; why: string }>()
  const refused: string[] = []
  const store = new MemoryFeedStore()
  const gossip = new GossipDriver({
    network: gossipPortOf(victim.services.pubsub, TOPICS),
    codec: announcementCodecOf({ net: NET }),
    intake: new Intake({
      ...{ net: NET, store, verify: rangeVerifier({ net: NET, verifySignatures: verifySignaturesOnPool }) },
      ...{ onStored: () => {}, isOwnFeed: () => false, onOwnFeed: () => {} },
    }),
    clock: systemClock,
    isFollowed: () => true,
    mayAnnounce: () => true,
    onGap: () => {},
    onRefused: ({ why }) => refused.push(why),
    dropPeer: (peer, why) => dropped.resolve({ peer, why }),
  })
  stack.use(gossip)
  const connection = await hostile.dial(victim.getMultiaddrs())
  const stream = await connection.newStream('/meshsub/1.1.0')
  return { stream, dropped: dropped.promise, refused, store, hostile: hostile.peerId.toString() as PeerId }
}

const subscribing = (count: number, topic: string) =>
  rpc({ subscriptions: Array.from({ length: count }, (_, i) => ({ subscribe: true, topic: `${topic}/${i}` })) })

const forged = (i: number) => {
  const envelope = Uint8Array.from(p.chain(1, null, `forged-${i}`)[0]!.envelope)
  envelope[envelope.length - 3]! ^= 1
  return encodeAnnouncement({ k: 'record', envelope })
}
const many = (count: number, one: (i: number) => Uint8Array) => Array.from({ length: count }, (_, i) => one(i))

for (const [what, why, messages] of [
  ['what is no message of gossipsub', 'not decodable', () => many(20, () => framed(randomBytes(40)))],
  ['announcements of nothing', 'shape', () => many(20, () => saying(randomBytes(200)))],
  ['records with bad signatures', 'signature', () => many(200, i => saying(forged(i)))],
  ['messages on topics of its own', 'foreign topic', () => many(20, i => saying(randomBytes(9), `/my/topic/${i}`))],
  ['subscriptions to thousands of topics', 'foreign topic', () => many(10, i => subscribing(500, `/t/${i}`))],
  ['the same record without end', 'flood', () => Array<Uint8Array>(7_000).fill(saying(forged(0)))],
] as const)
  test(`a peer that sends ${what} is dropped`, async () => {
    await using stack = new AsyncDisposableStack()
    const { stream, dropped, refused, store, hostile } = await besieged(stack)
    await sayAll(stream, messages())
    const { peer, why: told } = await dropped
    expect(peer).toBe(hostile)
    expect([why, 'though graylisted']).toContain(told)
    expect(refused.filter(each => each === 'signature').length).toBeLessThanOrEqual(20)
    expect(store.records.size).toBe(0)
  })
