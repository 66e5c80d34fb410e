import { CID } from 'multiformats/cid'
import { describe, expect, test } from 'vitest'
import { BUSY_MIRROR_MS } from '../../../src/federation/content/limits.ts'
import { FederationError } from '../../../src/federation/errors.ts'
import {
  type ArtifactSink,
  contentHandler,
  contentProtocolOf,
  createBlockBroker,
  fetchArtifact,
  hashHere,
  KeptStreams,
  MirrorMemory,
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

/** The same market, whose other peers answer nothing until their time is up; its clock runs while they do. */
function silentBut(holder: string, { streams, ...rest }: ReturnType<typeof market>) {
  let now = 0
  const request: KeptStreams['request'] = (peer, protocol, message, options) => {
    if (peer === holder) return streams.request(peer, protocol, message, options)
    now += options?.firstByteMs ?? 0
    throw new FederationError('E_FIRST_BYTE_LATE', 'no byte')
  }
  const clock = { now: () => now, after: () => () => {} }
  return { ...rest, clock, streams: { request, reportOffence: streams.reportOffence.bind(streams) } }
}

describe('fetching an artifact', () => {
  test.each([0, 1, 300_000, MIB, MIB + 1, 3 * MIB + 17])('of %i bytes brings exactly its bytes', async size => {
    const shelf = new Shelf()
    const bytes = packageOf(size)
    const wanted = await shelf.add(bytes)
    const m = market({ a: { shelf } })
    expect(await fetchArtifact(m, wanted, peers('a'), { signal })).toMatchObject({ from: 'a' })
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
    expect(await fetchArtifact(m, wanted, peers('bad', 'good'), { signal })).toMatchObject({ from: 'good' })
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
    expect(m.store.leaves).toEqual([])
    const without = market({ empty: { shelf: empty } })
    expect(await fetchArtifact(without, wanted, peers('empty', 'nobody'), { signal })).toEqual({
      failed: 'E_NO_PROVIDER',
      refused: [],
      tried: [
        { peer: 'empty', why: 'E_NOT_FOUND' },
        { peer: 'nobody', why: 'E_PEER_UNREACHABLE' },
      ],
    })
    expect(without.store.state).toBe('suspended')
  })

  test('a large artifact comes from several mirrors, a liar among them is dropped, and who failed is told of', async () => {
    const [bad, first, second, bytes] = [new Shelf(), new Shelf(), new Shelf(), packageOf(20 * MIB)]
    const wanted = await first.add(bytes)
    for (const shelf of [bad, second]) await shelf.add(bytes)
    for (const leaf of wanted.leaves) bad.alter(leaf)
    const m = market({ first: { shelf: first }, bad: { shelf: bad }, second: { shelf: second } })
    const missed: string[] = []
    const onTried = ({ peer, why }: { peer: string; why: string }) => missed.push(`${peer}: ${why}`)
    const outcome = await fetchArtifact({ ...m, onTried }, wanted, peers('first', 'bad', 'second'), { signal })
    if ('failed' in outcome) throw new Error(outcome.failed)
    expect(outcome.mirrors.map(({ peer }) => peer).toSorted()).toEqual(['first', 'second'])
    expect(outcome.mirrors.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(20 * MIB)
    expect(missed).toEqual(['bad: altered'])
    expect(m.offences).toEqual([['bad', 'block-altered']])
    expect(Buffer.concat(m.store.leaves).equals(bytes)).toBe(true)
  })

  test.each(['begin', 'kept'] as const)(
    'ends when it is aborted while the sink is busy with %s, and asks nobody',
    async when => {
      const shelf = new Shelf()
      const wanted = await shelf.add(packageOf(3 * MIB))
      const m = market({ a: { shelf } })
      const leaving = new AbortController()
      const sink: ArtifactSink = {
        begin: async artifact => {
          if (when === 'begin') leaving.abort(new Error('left'))
          const writer = await m.store.begin(artifact)
          const kept = async () => {
            leaving.abort(new Error('left'))
            return null
          }
          return when === 'kept' ? { ...writer, kept } : writer
        },
      }
      const fetched = fetchArtifact({ ...m, sink }, wanted, peers('a'), { signal: leaving.signal })
      await expect(fetched).rejects.toThrow('left')
      expect([m.store.state, m.store.leaves]).toEqual(['suspended', []])
    },
  )

  test('a peer that says it has nothing has not failed as a mirror; one that breaks off has', async () => {
    const [empty, holed, whole] = [new Shelf(), new Shelf(), new Shelf()]
    const bytes = packageOf(3 * MIB)
    const wanted = await whole.add(bytes)
    await holed.add(bytes)
    holed.blocks.delete(wanted.leaves[1] ?? '')
    const m = market({ empty: { shelf: empty }, holed: { shelf: holed }, whole: { shelf: whole } })
    const memory = new MirrorMemory()
    const clock = { now: () => 1_000, after: () => () => {} }
    const context = { ...m, clock, mirrors: memory }
    expect(await fetchArtifact(context, wanted, peers('empty', 'holed', 'whole'), { signal })).toMatchObject({
      from: 'whole',
    })
    expect(memory.bestFirst(peers('holed', 'empty'), 1_000, MIB)).toEqual(['empty', 'holed'])
  })

  test.each([1000, 3 * MIB])('a busy peer is no failed mirror of %i bytes, and soon a good one again', async size => {
    const [shelf, memory] = [new Shelf(), new MirrorMemory()]
    const wanted = await shelf.add(packageOf(size))
    const m = market({ busy: { shelf }, other: { shelf } })
    const request: KeptStreams['request'] = (peer, ...rest) => {
      if (peer === 'busy') throw new FederationError('E_BUSY', 'no turn')
      return m.streams.request(peer, ...rest)
    }
    const streams = { request, reportOffence: m.streams.reportOffence.bind(m.streams) }
    const clock = { now: () => 1_000, after: () => () => {} }
    const context = { ...m, streams, clock, mirrors: memory }
    expect(await fetchArtifact(context, wanted, peers('busy', 'other'), { signal })).toMatchObject({ from: 'other' })
    expect(memory.bestFirst(peers('busy', 'unknown'), 1_000, size)).toEqual(['unknown', 'busy'])
    expect(memory.bestFirst(peers('busy', 'unknown'), 1_000 + BUSY_MIRROR_MS, size)).toEqual(['busy', 'unknown'])
  })

  test('a provider that lost a leaf is completed by another', async () => {
    const [holed, whole, bytes] = [new Shelf(), new Shelf(), packageOf(3 * MIB)]
    const wanted = await whole.add(bytes)
    await holed.add(bytes)
    holed.blocks.delete(wanted.leaves[2] ?? '')
    const m = market({ holed: { shelf: holed }, whole: { shelf: whole } })
    expect(await fetchArtifact(m, wanted, peers('holed', 'whole'), { signal })).toMatchObject({
      mirrors: [
        { peer: 'holed', bytes: 2 * MIB },
        { peer: 'whole', bytes: MIB },
      ],
    })
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
    expect(m.store.state).toBe('discarded')
    expect(await fetchArtifact(m, { ...wanted, size: 5 }, peers('a'), { signal })).toMatchObject({ tried: [] })
    expect(m.offences).toEqual([])
  })

  test.each([15, 16, 300])('finds the holder behind %i connected peers that have nothing', async strangers => {
    const [empty, full] = [new Shelf(), new Shelf()]
    const wanted = await full.add(packageOf(1000))
    const names = Array.from({ length: strangers }, (_, i) => `stranger${i}`)
    const m = market({ ...Object.fromEntries(names.map(name => [name, { shelf: empty }])), holder: { shelf: full } })
    expect(await fetchArtifact(m, wanted, peers(...names, 'holder'), { signal })).toMatchObject({ from: 'holder' })
  })

  test('an altered leaf keeps the verified ones before it', async () => {
    const [bad, bytes] = [new Shelf(), packageOf(3 * MIB)]
    const wanted = await bad.add(bytes)
    bad.alter(wanted.leaves[2] ?? '')
    const m = market({ bad: { shelf: bad } })
    const outcome = await fetchArtifact(m, wanted, peers('bad'), { signal })
    expect(outcome).toMatchObject({ failed: 'E_ARTIFACT_ALTERED', refused: ['bad'] })
    expect(m.store.state).toBe('suspended')
    expect(Buffer.concat(m.store.leaves).equals(bytes.subarray(0, 2 * MIB))).toBe(true)
  })

  test.each([
    ['E_DISK_FULL', 'suspended'],
    ['E_FILE', 'discarded'],
  ])('after the sink failed with %s what was fetched is %s', async (code, state) => {
    const shelf = new Shelf()
    const wanted = await shelf.add(packageOf(2 * MIB))
    const m = market({ a: { shelf } })
    const begin = async () => {
      const writer = await m.store.begin(wanted)
      const writeLeaf = async (index: number, leaf: Uint8Array) => {
        if (index === 1) throw Object.assign(new Error('no'), { code })
        await writer.writeLeaf(index, leaf)
      }
      return { ...writer, writeLeaf }
    }
    const fetched = fetchArtifact({ ...m, sink: { begin } }, wanted, peers('a'), { signal })
    await expect(fetched).rejects.toMatchObject({ code: 'E_STORE_FAILED', cause: { code } })
    expect(m.store.state).toBe(state)
  })

  test.each([300_000, 3 * MIB])('who sent an altered leaf of %i bytes and broke off then is refused', async size => {
    const [shelf, bytes] = [new Shelf(), packageOf(size)]
    const wanted = await shelf.add(bytes)
    const offences: [PeerId, OffenceCode][] = []
    const streams = {
      reportOffence: (peer: PeerId, code: OffenceCode) => void offences.push([peer, code]),
      async *request() {
        if (wanted.rootBlock !== null) yield wanted.rootBlock
        yield new Uint8Array(Math.min(size, MIB))
        throw new FederationError('E_STREAM_CLOSED', 'gone')
      },
    }
    const context = { streams, protocol: PROTOCOL, sink: new Store() }
    const outcome = await fetchArtifact(context, wanted, peers('bad'), { signal })
    expect(outcome).toMatchObject({ failed: 'E_ARTIFACT_ALTERED', refused: ['bad'] })
    expect(offences).toEqual([['bad', 'block-altered']])
  })

  test('a hash that fails costs nothing of what was written, and one that cannot be had begins nothing', async () => {
    const shelf = new Shelf()
    const wanted = await shelf.add(packageOf(4 * MIB))
    const m = market({ a: { shelf } })
    const failed = new FederationError('E_HASHING_FAILED', 'gone')
    const lacking = () => {
      throw failed
    }
    await expect(fetchArtifact({ ...m, openHash: lacking }, wanted, peers('a'), { signal })).rejects.toBe(failed)
    expect(m.store.state).toBe('none')
    let checks = 0
    const openHash = () => ({ ...hashHere(), check: async () => (checks++ === 0 ? true : Promise.reject(failed)) })
    await expect(fetchArtifact({ ...m, openHash }, wanted, peers('a'), { signal })).rejects.toBe(failed)
    expect([m.store.state, m.store.leaves.length, m.offences]).toEqual(['suspended', 1, []])
  })

  test.each([16, 299])(
    'finds the holder behind %i peers that fail, each silent for its whole time',
    async strangers => {
      const full = new Shelf()
      const wanted = await full.add(packageOf(1000))
      const names = Array.from({ length: strangers }, (_, i) => `silent${i}`)
      const m = silentBut('holder', market({ holder: { shelf: full } }))
      expect(await fetchArtifact(m, wanted, peers(...names, 'holder'), { signal })).toMatchObject({ from: 'holder' })
    },
  )

  test('gives up after two minutes of waiting in vain, and after 512 peers that fail', async () => {
    const full = new Shelf()
    const wanted = await full.add(packageOf(1000))
    const names = Array.from({ length: 600 }, (_, i) => `silent${i}`)
    const late = silentBut('holder', market({ holder: { shelf: full } }))
    expect(await fetchArtifact(late, wanted, peers(...names, 'holder'), { signal })).toMatchObject({
      failed: 'E_NO_PROVIDER',
      tried: { length: 310 },
    })
    expect(late.clock.now()).toBe(120_000)
    const gone = market({ holder: { shelf: full } })
    const clock = { now: () => 0, after: () => () => {} }
    const outcome = await fetchArtifact({ ...gone, clock }, wanted, peers(...names, 'holder'), { signal })
    expect(outcome).toMatchObject({ failed: 'E_NO_PROVIDER', tried: { length: 512 } })
  })

  test.each([
    [
      [0, 1],
      [2, 3, 4],
    ],
    [
      [1, 3],
      [0, 2, 4],
    ],
    [[0, 1, 2, 3, 4], [4]],
  ])('with the leaves %j kept by an earlier fetch asks for %j', async (kept, asked) => {
    const [shelf, bytes] = [new Shelf(), packageOf(4 * MIB + 5)]
    const wanted = await shelf.add(bytes)
    const m = market({ a: { shelf } })
    m.store.kept = { root: wanted.rootBlock ?? new Uint8Array(), leaves: new Set(kept) }
    expect(await fetchArtifact(m, wanted, peers('a'), { signal })).toMatchObject({ from: 'a' })
    expect(m.store.leaves.flatMap((leaf, index) => (leaf === undefined ? [] : [index]))).toEqual(asked)
    for (const index of asked)
      expect(Buffer.from(m.store.leaves[index] ?? [])).toEqual(
        Buffer.from(bytes.subarray(index * MIB, (index + 1) * MIB)),
      )
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
    const crowd = Array.from({ length: 40 }, () => 'gated').map((name, i) => `${name}${i}`)
    const gatedOnes = Object.fromEntries(crowd.map(name => [name, { shelf: gated, mayServe: () => false }]))
    const busy = market({ ...gatedOnes, good: { shelf: good } })
    const patient = createBlockBroker({ ...busy, providersOf: () => peers(...crowd, 'good') })
    expect(Buffer.from((await patient.retrieve?.(cid)) ?? []).equals(Buffer.from(block ?? []))).toBe(true)
    const poor = createBlockBroker({ ...m, providersOf: () => peers('gated') })
    await expect(poor.retrieve?.(cid)).rejects.toMatchObject({ code: 'E_NO_PROVIDER' })
  })
})
