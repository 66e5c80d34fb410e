import { randomBytes } from 'node:crypto'
import { RPC } from '@libp2p/gossipsub/message'
import type { Stream } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import { expect, test } from 'vitest'
import { GossipDriver } from '../../../src/federation/gossip/driver.ts'
import { announcementCodecOf, Intake, rangeVerifier, systemClock } from '../../../src/federation/index.ts'
import { gossipPortOf } from '../../../src/node/network/gossip-port.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { encodeAnnouncement, type PeerId, topicsOf, verifySignaturesOnPool } from '../../../src/protocol/index.ts'
import { Publisher } from '../../federation/simulation/cast.ts'
import { MemoryFeedStore } from '../../federation/sync/memory-feed-store.ts'

const NET = 'main'
const TOPICS = topicsOf(NET)
const [TOPIC] = TOPICS as [string]
const p = new Publisher('acme')

async function startLibp2p(): Promise<Network> {
  const place = { listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], mdns: false, peers: [], topics: TOPICS }
  return (await createLibp2p(
    libp2pOptionsOf({ net: NET, nodeSeed: randomBytes(32), mode: 'public', ...place }),
  )) as Network
}

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

type Spoken = Partial<Parameters<typeof RPC.encode>[0]>
const rpc = (spoken: Spoken) => framed(RPC.encode({ subscriptions: [], messages: [], ...spoken }))
const saying = (data: Uint8Array, topic = TOPIC) => rpc({ messages: [{ topic, data }] })

const subscribing = (count: number, topic: string) =>
  rpc({ subscriptions: Array.from({ length: count }, (_, i) => ({ subscribe: true, topic: `${topic}/${i}` })) })

function framed(bytes: Uint8Array): Uint8Array {
  const length: number[] = []
  for (let left = bytes.length; ; left >>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) break
  }
  return Uint8Array.of(...length, ...bytes)
}

async function sayAll(stream: Stream, messages: Iterable<Uint8Array>): Promise<void> {
  for (const message of messages) {
    if (stream.status !== 'open') return
    if (!stream.send(message)) await new Promise(resolve => setImmediate(resolve))
  }
}

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
