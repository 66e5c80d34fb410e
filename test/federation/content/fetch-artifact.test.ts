import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import {
  contentHandler,
  contentProtocolOf,
  createBlockBroker,
  fetchArtifact,
  KeptStreams,
  type OffenceCode,
} from '../../../src/federation/index.ts'
import type { BlockId, PeerId, Sha256 } from '../../../src/protocol/index.ts'
import { duplexPair } from '../streams/duplex-pair.ts'
import { packageOf, Shelf, Store } from './shelf.ts'

const MIB = 1 << 20
const PROTOCOL = contentProtocolOf('test')
const ME = 'me' as PeerId
const signal = new AbortController().signal

/** A node that fetches from named peers, each with its own shelf and gate. */
function market(peers: Record<string, { shelf: Shelf; mayServe?: (id: BlockId) => boolean }>) {
  const offences: [PeerId, OffenceCode][] = []
  const store = new Store()
  const streams = new KeptStreams({
    onOffence: (peer, code) => {
      offences.push([peer, code])
    },
    openStream: async peer => {
      const found = peers[peer]
      if (found === undefined) throw new Error('unreachable')
      const server = new KeptStreams({ openStream: () => Promise.reject(new Error('none')), onOffence: () => {} })
      server.handle(PROTOCOL, contentHandler(found.shelf, found.mayServe ?? (() => true)))
      const [mine, theirs] = duplexPair()
      server.acceptStream(ME, PROTOCOL, theirs)
      return mine
    },
  })
  return { streams, protocol: PROTOCOL, sink: store, store, offences }
}

const peers = (...names: string[]) => names as PeerId[]

describe('fetching an artifact', () => {
  test.each([0, 1, 300_000, MIB, MIB + 1, 3 * MIB + 17])('of %i bytes brings exactly its bytes', async size => {
    const shelf = new Shelf()
    const bytes = packageOf(size)
    const wanted = await shelf.add(bytes)
    const m = market({ a: { shelf } })
    expect(await fetchArtifact(m, wanted, peers('a'), { signal })).toEqual({ from: 'a' })
    expect(m.store.state).toBe('committed')
    expect(Buffer.concat(m.store.leaves).equals(bytes)).toBe(true)
    expect(m.store.root).toEqual(wanted.rootBlock)
  })

  test('refuses altered bytes, drops the peer and goes on with the next where it was', async () => {
    const [bad, good, bytes] = [new Shelf(), new Shelf(), packageOf(3 * MIB)]
    const wanted = await good.add(bytes)
    await bad.add(bytes)
    bad.alter(wanted.leaves[1] ?? '')
    const m = market({ bad: { shelf: bad }, good: { shelf: good } })
    expect(await fetchArtifact(m, wanted, peers('bad', 'good'), { signal })).toEqual({ from: 'good' })
    expect(m.offences).toEqual([['bad', 'block-altered']])
    expect(Buffer.concat(m.store.leaves).equals(bytes)).toBe(true)
  })

  test.each([['root'], ['leaf']])('tells an altered %s apart from one that is not there', async which => {
    const [bad, empty] = [new Shelf(), new Shelf()]
    const wanted = await bad.add(packageOf(2 * MIB))
    bad.alter(which === 'root' ? wanted.cid : (wanted.leaves[0] ?? ''))
    const m = market({ bad: { shelf: bad }, empty: { shelf: empty } })
    const outcome = await fetchArtifact(m, wanted, peers('empty', 'bad', 'nobody'), { signal })
    expect(outcome).toMatchObject({ failed: 'E_ARTIFACT_ALTERED', refused: ['bad'] })
    expect(m.store.state).toBe('discarded')
    const without = market({ empty: { shelf: empty } })
    expect(await fetchArtifact(without, wanted, peers('empty', 'nobody'), { signal })).toEqual({
      failed: 'E_NO_PROVIDER',
      refused: [],
      tried: [
        { peer: 'empty', why: 'E_NOT_FOUND' },
        { peer: 'nobody', why: 'E_PEER_UNREACHABLE' },
      ],
    })
  })

  test('a provider that lost a leaf is completed by another', async () => {
    const [holed, whole, bytes] = [new Shelf(), new Shelf(), packageOf(3 * MIB)]
    const wanted = await whole.add(bytes)
    await holed.add(bytes)
    holed.blocks.delete(wanted.leaves[2] ?? '')
    const m = market({ holed: { shelf: holed }, whole: { shelf: whole } })
    expect(await fetchArtifact(m, wanted, peers('holed', 'whole'), { signal })).toEqual({ from: 'whole' })
    expect(m.offences).toEqual([])
    expect(Buffer.concat(m.store.leaves).equals(bytes)).toBe(true)
  })

  test('a release that contradicts itself is refused without blame', async () => {
    const shelf = new Shelf()
    const wanted = await shelf.add(packageOf(2 * MIB))
    const m = market({ a: { shelf } })
    const lie = { ...wanted, sha256: '0'.repeat(64) as Sha256 }
    expect(await fetchArtifact(m, lie, peers('a'), { signal })).toMatchObject({
      failed: 'E_ARTIFACT_ALTERED',
      refused: [],
    })
    expect(await fetchArtifact(m, { ...wanted, size: 5 }, peers('a'), { signal })).toMatchObject({ tried: [] })
    expect(m.offences).toEqual([])
  })

  test('what the gate keeps looks like what is not there', async () => {
    const shelf = new Shelf()
    const wanted = await shelf.add(packageOf(1000))
    const m = market({ a: { shelf, mayServe: () => false } })
    expect(await fetchArtifact(m, wanted, peers('a'), { signal })).toMatchObject({
      failed: 'E_NO_PROVIDER',
      tried: [{ why: 'E_NOT_FOUND' }],
    })
  })
})

describe('the block broker', () => {
  test('brings one verified block from the first provider that has it', async () => {
    const [bad, good, gated] = [new Shelf(), new Shelf(), new Shelf()]
    const wanted = await good.add(packageOf(2 * MIB))
    for (const shelf of [bad, gated]) await shelf.add(packageOf(2 * MIB))
    bad.alter(wanted.leaves[1] ?? '')
    const m = market({ bad: { shelf: bad }, gated: { shelf: gated, mayServe: () => false }, good: { shelf: good } })
    const cid = CID.parse(wanted.leaves[1] ?? '')
    const broker = createBlockBroker({ ...m, providersOf: () => peers('nobody', 'gated', 'bad', 'good') })
    const block = await broker.retrieve?.(cid)
    expect(Buffer.from(block ?? []).equals(good.blocks.get(cid.toString()) ?? new Uint8Array())).toBe(true)
    expect(m.offences).toEqual([['bad', 'block-altered']])
    const poor = createBlockBroker({ ...m, providersOf: () => peers('gated') })
    await expect(poor.retrieve?.(cid)).rejects.toMatchObject({ code: 'E_NO_PROVIDER' })
  })
})
