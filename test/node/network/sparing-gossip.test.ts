import { type GossipSub, TopicValidatorResult } from '@libp2p/gossipsub'
import { expect, test, vi } from 'vitest'
import { MessageHolders } from '../../../src/node/network/message-holders.ts'
import { framedMessageId } from '../../../src/node/network/message-id.ts'
import { spareKnown } from '../../../src/node/network/sparing-gossip.ts'
import { rpc, saying, startLibp2p, TOPIC } from './gossip-speech.ts'

const ONE = Uint8Array.of(1)
const [id, other] = ['01', '02']

/** Gossipsub with a mesh, which notes what it sends; `wait` lets the later ones go. */
function gossipWith(mesh: readonly string[]) {
  const sent: string[] = []
  const offered: string[] = []
  const delivered: string[] = []
  const waiting: (() => void)[] = []
  const gossip = {
    mcache: { observeDuplicate: () => {} },
    score: { deliverMessage: (from: string) => delivered.push(from) },
    idontwants: new Map<string, Set<string>>(),
    msgIdToStrFn: (bytes: Uint8Array) => Buffer.from(bytes).toString('hex'),
    selectPeersToForward: (_: string, source?: string) => new Set(mesh.filter(peer => peer !== source)),
    forwardMessage: (_id: string, _raw: { topic: string }, _source?: string) => {},
    sendRpc: (peer: string) => sent.push(peer) > 0,
    handleIHave: () => [],
    pushGossip: (peer: string, { messageIDs }: { messageIDs: readonly Uint8Array[] }) => {
      offered.push(`${peer}: ${messageIDs.map(each => gossip.msgIdToStrFn(each)).join(' ')}`)
    },
  }
  const holders = spareKnown(gossip as unknown as GossipSub, {
    random: () => 0.5,
    later: (_, work) => waiting.push(work),
  })
  const steps = gossip as unknown as {
    mcache: { observeDuplicate(message: string, from: string): void }
    handleIHave(peer: string, offers: readonly { messageIDs: readonly Uint8Array[] }[]): unknown
  }
  const pass = (source?: string) => gossip.forwardMessage(id, { topic: TOPIC }, source)
  const wait = () => {
    for (const work of waiting.splice(0)) work()
  }
  const offer = (peer: string, ...messageIDs: Uint8Array[]) => gossip.pushGossip(peer, { messageIDs })
  return { gossip, steps, holders, sent, offered, delivered, waiting, pass, wait, offer }
}

test('two of the mesh get a message at once, the others a moment later, and who brought it not at all', () => {
  const { sent, delivered, pass, wait } = gossipWith(['a', 'b', 'c', 'd', 'e'])
  pass('a')
  expect(sent).toHaveLength(2)
  wait()
  expect(sent.toSorted()).toEqual(['b', 'c', 'd', 'e'])
  expect(delivered).toEqual(['a'])
})

test('who sends a message while it waits, or sent it while it was judged, gets none', () => {
  const { steps, sent, pass, wait } = gossipWith(['a', 'b', 'c', 'd', 'e'])
  steps.mcache.observeDuplicate(id, 'b')
  pass('a')
  const [rest] = ['c', 'd', 'e'].filter(peer => !sent.includes(peer))
  steps.mcache.observeDuplicate(id, rest!)
  wait()
  expect(sent.toSorted()).toEqual(['c', 'd', 'e'].filter(peer => peer !== rest))
})

test('who says that it does not want a message is not sent it', () => {
  const { gossip, sent, pass, waiting } = gossipWith(['a', 'b', 'c'])
  gossip.idontwants.set('b', new Set([id]))
  pass('a')
  expect(sent).toEqual(['c'])
  expect(waiting).toEqual([])
})

test('a message is offered to nobody who holds it, was sent it or was offered it', () => {
  const { steps, offered, pass, offer } = gossipWith(['a', 'b'])
  pass('a')
  steps.handleIHave('c', [{ messageIDs: [ONE] }])
  for (const peer of ['a', 'b', 'c', 'd', 'd']) offer(peer, ONE)
  expect(offered).toEqual(['d: 01'])
  offer('d', ONE, Uint8Array.of(2))
  expect(offered).toEqual(['d: 01', 'd: 02'])
})

test('who offers a message holds it; what never passed here is remembered of no offer', () => {
  const { steps, holders, pass } = gossipWith(['a', 'b'])
  pass('a')
  steps.handleIHave('c', [{ messageIDs: [ONE, Uint8Array.of(2)] }])
  expect(['a', 'b', 'c'].map(peer => holders.isHeldBy(id, peer))).toEqual([true, false, true])
  expect([holders.size, holders.isHeldBy(other, 'c')]).toEqual([1, false])
  steps.handleIHave('d', [{ messageIDs: [...Array<Uint8Array>(512).fill(Uint8Array.of(2)), ONE] }])
  expect(holders.isHeldBy(id, 'd')).toBe(false) // so much nobody honest offers
})

test('holders of the latest messages alone are remembered, and as many as a node may have connections', () => {
  const holders = new MessageHolders()
  for (let n = 0; n < 600; n++) holders.heldBy(other, `p${n}`)
  expect([511, 512].map(n => holders.isHeldBy(other, `p${n}`))).toEqual([true, false])
  for (let n = 0; n < 2_000; n++) holders.heldBy(`m${n}`, 'p')
  expect(holders.size).toBe(1_024)
  expect([holders.isHeldBy(other, 'p1'), holders.isHeldBy('m1999', 'p')]).toEqual([false, true])
})

test('gossipsub goes the ways on which holders are noted', async () => {
  await using stack = new AsyncDisposableStack()
  const [node, ...peers] = await Promise.all(Array.from({ length: 4 }, startLibp2p))
  for (const each of [node!, ...peers]) stack.defer(() => each.stop())
  const { pubsub } = node!.services
  pubsub.topicValidators.set(TOPIC, () => TopicValidatorResult.Accept)
  pubsub.subscribe(TOPIC)
  const message = framedMessageId(TOPIC, ONE)
  const textOf = (pubsub as unknown as { msgIdToStrFn(id: Uint8Array): string }).msgIdToStrFn
  const holders = spareKnown(pubsub)
  const offer = rpc({
    control: { ihave: [{ topicID: TOPIC, messageIDs: [message] }], iwant: [], graft: [], prune: [], idontwant: [] },
  })
  const said = [saying(ONE), saying(ONE), offer] // brings it, brings it again, offers it
  for (const [i, peer] of peers.entries()) {
    const connection = await peer.dial(node!.getMultiaddrs())
    const stream = await connection.newStream('/meshsub/1.1.0')
    stream.send(said[i]!)
    const isHolder = () => holders.isHeldBy(textOf(message), peer.peerId.toString())
    await vi.waitFor(() => expect(isHolder()).toBe(true), { timeout: 20_000 })
  }
})

test('gossipsub brings a message to all of a mesh, to those that wait as well', async () => {
  await using stack = new AsyncDisposableStack()
  const [hub, source, ...others] = await Promise.all(Array.from({ length: 6 }, startLibp2p))
  const peers = [source!, ...others]
  for (const each of [hub!, ...peers]) {
    stack.defer(() => each.stop())
    each.services.pubsub.topicValidators.set(TOPIC, () => TopicValidatorResult.Accept)
    each.services.pubsub.subscribe(TOPIC)
  }
  const got = new Set<string>()
  for (const each of others) each.services.pubsub.addEventListener('message', () => got.add(each.peerId.toString()))
  for (const each of peers) await each.dial(hub!.getMultiaddrs())
  const { mesh } = hub!.services.pubsub as unknown as { mesh: ReadonlyMap<string, ReadonlySet<string>> }
  await vi.waitFor(() => expect(mesh.get(TOPIC)?.size).toBe(peers.length), { timeout: 30_000 })
  await source!.services.pubsub.publish(TOPIC, ONE)
  await vi.waitFor(() => expect(got.size).toBe(others.length), { timeout: 30_000 })
})
