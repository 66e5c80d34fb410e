import { expect, test } from 'vitest'
import { providersOf } from '../../../src/node/composition/providers.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { buildWriterRecord, feedIdOf, type HoldsOp, type PeerId } from '../../../src/protocol/index.ts'
import { delegateOf, NET, publisherOf, testKey } from '../../federation/search/signed-hits.ts'
import { idOf, nodeAmong, peerOf, releasing, sailOf, stating } from '../use-cases/holder-world.ts'

const acme = idOf(1)
const crowd = Array.from({ length: 300 }, (_, i) => `stranger${i}` as PeerId)
const [holder, other] = ['holder', 'other'] as PeerId[] as [PeerId, PeerId]
const sail = await sailOf()

/** Every provider, as one asks that gets nothing from any of them. */
async function providers(node: NodeContext, signal = AbortSignal.timeout(20_000)): Promise<PeerId[]> {
  const found: PeerId[] = []
  for await (const peer of providersOf(node, { artifact: sail, publisher: acme }, signal)) found.push(peer)
  return found
}

test('the holder is found behind 300 connected peers without it, some of which stay silent', async () => {
  const connected = [...crowd, holder]
  await using it = await nodeAmong(releasing(1, sail), { connected, holders: [holder], silent: crowd.slice(0, 12) })
  const asking = providersOf(it.node, { artifact: sail, publisher: acme }, AbortSignal.timeout(20_000))
  expect((await asking.next()).value).toBe(holder)
  await asking.return(undefined)
})

test('signed holders come first, also unconnected ones, and with one of them nobody else is asked', async () => {
  const [near, far] = [peerOf(1), peerOf(2)]
  const records = [...releasing(1, sail), ...stating(10, acme, [far, near])]
  const world = { connected: [...crowd, near], inDht: [holder], holders: [far, holder] }
  await using it = await nodeAmong(records, world)
  const asking = providersOf(it.node, { artifact: sail, publisher: acme }, AbortSignal.timeout(20_000))
  expect((await asking.next()).value).toBe(near)
  expect(it.asked).toEqual([])
  expect((await asking.next()).value).toBe(far)
  expect(it.asked).toEqual([far])
  await asking.return(undefined)
})

test('what the DHT names is found while connected strangers are asked, and silent ones do not hold it up', async () => {
  const world = { connected: crowd, inDht: [other, holder], holders: [holder], silent: crowd }
  await using it = await nodeAmong(releasing(1, sail), world)
  const asking = providersOf(it.node, { artifact: sail, publisher: acme }, AbortSignal.timeout(20_000))
  expect((await asking.next()).value).toBe(holder)
  await asking.return(undefined)
  expect(it.asked.length).toBeLessThan(40)
})

test('a stated holder that did not have the bytes comes last the next time', async () => {
  const liar = peerOf(1)
  const world = { connected: [liar, holder], holders: [holder] }
  await using it = await nodeAmong([...releasing(1, sail), ...stating(10, acme, [liar])], world)
  expect(await providers(it.node)).toEqual([liar, holder])
  it.node.absent.add(acme, liar, Date.now())
  expect(await providers(it.node)).toEqual([holder])
})

test('strangers that said yes and brought nothing come after the others the next time, wherever they are found', async () => {
  const liars = crowd.slice(0, 20)
  const dhtLiar = 'dht liar' as PeerId
  const world = { connected: [...liars, holder], inDht: [dhtLiar, other], holders: [...liars, dhtLiar, holder, other] }
  await using it = await nodeAmong(releasing(1, sail), world)
  /** As a fetch asks that gets the bytes from `good`. */
  const askedUntil = async (good: PeerId) => {
    const asked: PeerId[] = []
    for await (const peer of providersOf(it.node, { artifact: sail, publisher: acme }, AbortSignal.timeout(20_000))) {
      asked.push(peer)
      if (peer === good) break
      it.node.absent.add(acme, peer, Date.now())
    }
    return asked
  }
  expect((await askedUntil(holder)).toSorted()).toEqual([...liars, dhtLiar, holder, other].toSorted())
  expect(await askedUntil(holder)).toEqual([holder])
  const all = await providers(it.node)
  expect(all[0]).toBe(holder)
  expect(all.toSorted()).toEqual([...liars, dhtLiar, holder, other].toSorted())
})

test.each(['private', 'public'] as const)(
  'of an own private release nobody is told, even if a stranger names its bytes: %s',
  async visibility => {
    const records = [...releasing(1, sail, visibility), ...releasing(10, sail)]
    const world = { connected: [...crowd, holder], inDht: [other], holders: [holder, other], own: acme }
    await using it = await nodeAmong(records, world)
    const found = await providers(it.node)
    if (visibility === 'private') expect([found, it.asked]).toEqual([[], []])
    else expect(found.toSorted()).toEqual([holder, other])
  },
)

test('for a listed release its audience is asked, and nodes that the publisher itself signed for, as a restored one', async () => {
  const [member, restored, liar] = [peerOf(1), peerOf(2), peerOf(3)]
  const listed = releasing(1, sail, 'listed', [member])
  const [by, key] = [publisherOf(1), testKey(99)]
  const body = { feed: feedIdOf([1, key.bytes]), key: [1, key.bytes] } as const
  const delegate = delegateOf(by, { seq: 3, after: listed[1]!, body })
  const ops: HoldsOp[] = [{ op: 'holds', peer: restored, publishers: [acme], cids: [], undo: false }]
  const place = { net: NET, publisher: acme, feed: body.feed, seq: 1, prev: null, ts: 3, auth: delegate.id }
  const holds = buildWriterRecord({ ...place, typ: 'holds', ops }, key.sign)
  const records = [...listed, delegate, holds, ...stating(10, acme, [liar])]
  const world = { connected: [...crowd, liar, restored, member], inDht: [other], holders: [other] }
  await using it = await nodeAmong(records, world)
  expect([await providers(it.node), it.asked]).toEqual([[member, restored], []])
})

test('who brought bytes of the publisher before is asked like a signed holder, each time whoever has least to bring', async () => {
  const [stated, proven, late] = [peerOf(1), peerOf(2), peerOf(3)]
  const records = [...releasing(1, sail), ...stating(10, acme, [stated])]
  await using it = await nodeAmong(records, { connected: [...crowd, stated, proven, late], holders: [late] })
  it.node.proven.add(acme, proven, Date.now())
  it.node.mirrors.asked(stated, 1 << 20, performance.now())
  const asking = providersOf(it.node, { artifact: sail, publisher: acme }, AbortSignal.timeout(20_000))
  expect((await asking.next()).value).toBe(proven)
  // One that brings some meanwhile is asked next, too.
  it.node.proven.add(acme, late, Date.now())
  expect((await asking.next()).value).toBe(late)
  expect((await asking.next()).value).toBe(stated)
  expect(it.asked).toEqual([])
  await asking.return(undefined)
  it.node.absent.add(acme, proven, Date.now())
  expect(await providers(it.node)).not.toContain(proven)
})

test('of many connected peers those are asked first whether they have it that say they mirror the publisher', async () => {
  const claiming = crowd.slice(-3)
  await using it = await nodeAmong(releasing(1, sail), { connected: crowd, holders: claiming, claiming })
  const asking = providersOf(it.node, { artifact: sail, publisher: acme }, AbortSignal.timeout(20_000))
  expect(claiming).toContain((await asking.next()).value)
  expect(it.asked.slice(0, 3)).toEqual(claiming)
  expect(it.asked.length).toBeLessThan(20)
  await asking.return(undefined)
})
