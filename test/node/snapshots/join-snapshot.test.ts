import { expect, test } from 'vitest'
import type { MadePack } from '../../../src/node/snapshots/make-packs.ts'
import { encodePackSection, type PublisherId, packSections } from '../../../src/protocol/index.ts'
import { Publisher } from '../../federation/simulation/cast.ts'
import { SnapshotPair } from './snapshot-pair.ts'

const publishers = ['acme', 'bolt', 'corp'].map(word => new Publisher(word))
const ids = publishers.map(({ id }) => id)
const [acme, bolt] = publishers as [Publisher, Publisher]
const recordsOf = (publisher: Publisher, n = 20) => [
  ...[publisher.genesis, publisher.delegate],
  ...publisher.chain(n, null, 'a'),
]
const all = publishers.flatMap(each => recordsOf(each))
const everything = () => true

test('a node that holds nothing takes in all that a snapshot has, and holds the same heads', async () => {
  await using pair = await SnapshotPair.holding(all)
  await pair.make(ids, everything, { packBytes: 20_000 })
  expect(pair.packs).toBeGreaterThan(2)
  expect(await pair.join(ids)).toEqual({ is: 'joined', packs: pair.packs, stored: all.length })
  for (const id of ids) expect(await pair.taken.heads(id)).toEqual(await pair.held.heads(id))
})

test('only what is wanted is fetched and stored', async () => {
  await using pair = await SnapshotPair.holding(all)
  await pair.make(ids, everything, { packBytes: 20_000 })
  const joined = await pair.join([bolt.id])
  expect(joined).toMatchObject({ is: 'joined', stored: 22 })
  expect(joined.packs).toBeLessThan(pair.packs)
  expect(await pair.taken.heads(acme.id)).toEqual([])
})

test('what may not go out is not packed: a private feed leaves its root feed alone', async () => {
  const secret = new Publisher('secret', 'private')
  await using pair = await SnapshotPair.holding(recordsOf(secret))
  await pair.make([secret.id], feed => feed === 'root')
  expect(await pair.join([secret.id])).toMatchObject({ is: 'joined', stored: 2 })
})

test('a private feed that a maker packed all the same is left out', async () => {
  const secret = new Publisher('secret', 'private')
  await using pair = await SnapshotPair.holding(recordsOf(secret))
  await pair.make([secret.id], everything)
  expect(await pair.join([secret.id])).toMatchObject({ is: 'joined', stored: 2 })
  expect((await pair.taken.heads(secret.id)).map(({ feed }) => feed)).toEqual(['root'])
})

test('a peer without a snapshot is asked in vain, and one that was withdrawn is not served', async () => {
  await using pair = await SnapshotPair.holding(all)
  expect(await pair.join(ids)).toEqual({ is: 'none', packs: 0, stored: 0 })
  await pair.make(ids, everything)
  await pair.shelf.withdraw()
  expect(await pair.join(ids)).toEqual({ is: 'none', packs: 0, stored: 0 })
  expect(pair.nodes.offences).toEqual([])
})

test('a snapshot made for another network is refused with its maker', async () => {
  await using pair = await SnapshotPair.holding(all)
  await pair.make(ids, everything, { net: 'other' })
  expect(await pair.join(ids)).toEqual({ is: 'bad', packs: 0, stored: 0 })
  expect(pair.nodes.offences.map(({ code }) => code)).toEqual(['message-malformed'])
})

/** The pack with its sections written anew, as a hostile maker may. */
const rewritten = (
  pack: MadePack,
  change: (envelopes: Uint8Array[], publisher: PublisherId) => Uint8Array[],
): MadePack => {
  const sections = [...packSections(pack.bytes, everything)].map(({ publisher, envelopes }) =>
    encodePackSection({ publisher, envelopes: change([...envelopes], publisher) }),
  )
  return { ...pack, bytes: Buffer.concat(sections) }
}
const altered = (envelope: Uint8Array): Uint8Array => {
  const copy = envelope.slice()
  copy[copy.length - 1]! ^= 1
  return copy
}

test.each<[string, (pack: MadePack) => MadePack]>([
  ['one signature is altered', pack => rewritten(pack, ([first, ...rest]) => [altered(first!), ...rest])],
  [
    'a record stands in the section of another publisher',
    pack =>
      rewritten(pack, (envelopes, publisher) =>
        publisher === acme.id ? envelopes : [...envelopes, acme.genesis.envelope],
      ),
  ],
  ['bytes are no records', pack => rewritten(pack, () => [Buffer.from('nothing')])],
  ['its length lies', pack => ({ ...pack, bytes: pack.bytes.subarray(0, pack.bytes.length - 1) })],
  ['publishers come twice', pack => ({ ...pack, bytes: Buffer.concat([pack.bytes, pack.bytes]) })],
])('a pack in which %s is thrown away, and its maker refused', async (_, forge) => {
  await using pair = await SnapshotPair.holding(all)
  await pair.make(ids, everything, { forge })
  const joined = await pair.join(ids)
  expect(joined.is).toBe('bad')
  expect(joined.stored).toBe(0)
  for (const id of ids) expect(await pair.taken.heads(id)).toEqual([])
  expect(pair.nodes.offences.map(({ code }) => code)).toEqual(['record-invalid'])
})

test('root records signed by a stranger end with the pack; what verified of other publishers stays', async () => {
  await using pair = await SnapshotPair.holding(all)
  const usurp = (pack: MadePack) =>
    rewritten(pack, (envelopes, publisher) =>
      publisher === acme.id ? [envelopes[0]!, bolt.usurp(acme.genesis).envelope] : envelopes,
    )
  await pair.make(ids, everything, { forge: usurp })
  expect(await pair.join(ids)).toEqual({ is: 'bad', packs: 1, stored: 45 })
  expect((await pair.taken.heads(acme.id)).map(({ id }) => id)).toEqual([acme.genesis.id])
  expect(pair.nodes.offences.map(({ code }) => code)).toEqual(['record-invalid'])
})

test('records without their predecessor or their root are not stored, and the others are', async () => {
  await using pair = await SnapshotPair.holding(all)
  const drop = (pack: MadePack) =>
    rewritten(pack, (envelopes, publisher) => {
      if (publisher === acme.id) return envelopes.toSpliced(5, 1)
      return publisher === bolt.id ? envelopes.slice(2) : envelopes
    })
  await pair.make(ids, everything, { forge: drop })
  expect(await pair.join(ids)).toMatchObject({ is: 'joined' })
  expect((await pair.taken.heads(acme.id)).map(({ seq }) => seq)).toEqual([2, 3])
  expect(await pair.taken.heads(bolt.id)).toEqual([])
  expect((await pair.taken.heads(ids[2]!)).map(({ seq }) => seq)).toEqual([2, 20])
})

test('what a pack is named as and is not is not taken in', async () => {
  await using pair = await SnapshotPair.holding(all)
  await pair.make(ids, everything)
  const read = pair.shelf.readBlock.bind(pair.shelf)
  pair.shelf.readBlock = async id => {
    const block = await read(id)
    return block === null ? null : altered(block)
  }
  expect(await pair.join(ids)).toEqual({ is: 'failed', packs: 0, stored: 0 })
  expect(pair.nodes.offences.map(({ code }) => code)).toEqual(['block-altered'])
})

/** Calls `then` with each block that the maker reads, and how many before it. */
const onRead = (pair: SnapshotPair, then: (block: Uint8Array, before: number) => Uint8Array) => {
  const read = pair.shelf.readBlock.bind(pair.shelf)
  let before = 0
  pair.shelf.readBlock = async id => {
    const block = await read(id)
    return block === null ? null : then(block, before++)
  }
}

test('what came before a pack that cannot be had stays', async () => {
  await using pair = await SnapshotPair.holding(all)
  await pair.make(ids, everything, { packBytes: 20_000 })
  onRead(pair, (block, before) => (before === 0 ? block : altered(block)))
  expect(await pair.join(ids)).toMatchObject({ is: 'failed', packs: 1 })
  const heads = await Promise.all(ids.map(id => pair.taken.heads(id)))
  expect(heads.flat().length).toBeGreaterThan(0)
})

test('a join that broke off goes on with what is still missing', async () => {
  await using pair = await SnapshotPair.holding(all)
  await pair.make(ids, everything, { packBytes: 20_000 })
  const heldOf = async (): Promise<PublisherId[]> => {
    const heads = await Promise.all(ids.map(id => pair.taken.heads(id)))
    return ids.filter((_id, i) => heads[i]!.length > 0)
  }
  const first = await pair.join([ids.toSorted()[0]!])
  expect(first.stored).toBe(22)
  const rest = ids.filter(id => id !== ids.toSorted()[0])
  expect(await pair.join(rest)).toMatchObject({ is: 'joined', stored: 44 })
  expect((await heldOf()).length).toBe(3)
})

test('a maker serves after a restart what it served before, unless a pack was altered meanwhile', async () => {
  await using pair = await SnapshotPair.holding(all)
  await pair.make(ids, everything)
  await pair.restart()
  expect(await pair.join(ids)).toMatchObject({ is: 'joined', stored: all.length })
  await pair.alterPack()
  await pair.restart()
  expect(await pair.join(ids)).toMatchObject({ is: 'none' })
})

test('a maker that blocked a publisher while it was off does not serve what it made before', async () => {
  await using pair = await SnapshotPair.holding(all)
  await pair.make(ids, everything)
  await pair.restart(bolt.id)
  expect(await pair.join([acme.id])).toMatchObject({ is: 'none' })
})
