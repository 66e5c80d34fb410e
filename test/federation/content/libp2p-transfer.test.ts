import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2p } from 'libp2p'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  contentHandler,
  contentProtocolOf,
  fetchArtifact,
  KeptStreams,
  type OffenceCode,
  PeerBudgets,
} from '../../../src/federation/index.ts'
import { duplexOfStream } from '../../../src/node/network/libp2p-duplex.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { TestClock } from '../streams/duplex-pair.ts'
import { packageOf, Shelf, Store } from './shelf.ts'

const PROTOCOL = contentProtocolOf('test')
const nodes: Libp2p[] = []
const shelf = new Shelf()
const gate = { open: true }
const offences: OffenceCode[] = []
let streams: KeptStreams
let provider: PeerId
let asker: Libp2p

async function startTcpNode(): Promise<Libp2p> {
  const streamOptions = { maxStreamWindowSize: 2 << 20, maxReadBufferLength: 8 << 20, maxWriteBufferLength: 16 << 20 }
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux({ maxInboundStreams: 256, maxOutboundStreams: 256, streamOptions })],
    connectionManager: { inboundConnectionThreshold: 1_000 },
    connectionMonitor: { enabled: false },
  })
  nodes.push(node)
  return node
}

beforeAll(async () => {
  const server = await startTcpNode()
  asker = await startTcpNode()
  provider = server.peerId.toString() as PeerId
  const serving = new KeptStreams({ openStream: () => Promise.reject(new Error('none')), onOffence: () => {} })
  serving.handle(
    PROTOCOL,
    contentHandler(shelf, () => gate.open),
  )
  await server.handle(PROTOCOL, (stream, connection) =>
    serving.acceptStream(connection.remotePeer.toString() as PeerId, PROTOCOL, duplexOfStream(stream)),
  )
  streams = new KeptStreams({
    onOffence: (_, code) => {
      offences.push(code)
      void asker.hangUp(server.peerId)
    },
    openStream: async (_, protocol, { signal }) =>
      duplexOfStream(await asker.dialProtocol(server.getMultiaddrs(), protocol, { signal })),
  })
})

afterAll(async () => {
  await streams[Symbol.asyncDispose]()
  for (const node of nodes) await node.stop()
})

test('20 MB cross TCP, noise and yamux, a gate keeps them, an altered block ends the peer', async () => {
  const signal = AbortSignal.timeout(30_000)
  const bytes = packageOf(20_000_000)
  const wanted = await shelf.add(bytes)
  const store = new Store()
  const context = { streams, protocol: PROTOCOL, sink: store }
  expect(await fetchArtifact(context, wanted, [provider], { signal })).toMatchObject({ from: provider })
  expect(Buffer.concat(store.leaves).equals(bytes)).toBe(true)

  gate.open = false
  expect(await fetchArtifact(context, wanted, [provider], { signal })).toMatchObject({ failed: 'E_NO_PROVIDER' })

  gate.open = true
  shelf.alter(wanted.leaves[7] ?? '')
  expect(await fetchArtifact(context, wanted, [provider], { signal })).toMatchObject({
    failed: 'E_ARTIFACT_ALTERED',
    refused: [provider],
  })
  expect(offences).toEqual(['block-altered'])
})

test('a reader that stops holds the sender at its credit', async () => {
  const signal = AbortSignal.timeout(30_000)
  const serving = nodes[0]
  let yielded = 0
  const flood = new KeptStreams({ openStream: () => Promise.reject(new Error('none')), onOffence: () => {} })
  flood.handle('/flood/1', async function* () {
    for (let n = 0; n < 400; n++) {
      yielded += 1 << 18
      yield new Uint8Array(1 << 18)
    }
  })
  await serving?.handle('/flood/1', (stream, connection) =>
    flood.acceptStream(connection.remotePeer.toString() as PeerId, '/flood/1', duplexOfStream(stream)),
  )
  const answer = streams.request(provider, '/flood/1', new Uint8Array(1), { signal, creditBytes: 1 << 20 })
  await answer.next()
  for (let n = 0; n < 3; n++) {
    const other = streams.request(provider, '/flood/1', new Uint8Array(1), { signal, creditBytes: 1 << 20 })
    expect((await other.next()).done).toBe(false)
  }
  expect(yielded).toBeLessThan(4 * ((1 << 20) + (1 << 19)))
  await answer.return(undefined)
})

test('a peer that connects anew finds its budget as it left it, and another peer finds its own', async () => {
  const signal = AbortSignal.timeout(30_000)
  const clock = new TestClock()
  const protocol = '/budget/1'
  const twice = {
    requests: { burst: 2, perSecond: 1 },
    bytes: { burst: 1 << 20, perSecond: 1 << 20 },
    maxWaitMs: 0,
  }
  const serving = new KeptStreams({
    openStream: () => Promise.reject(new Error('none')),
    onOffence: () => {},
    budget: new PeerBudgets({ allowances: { [protocol]: twice }, clock }),
  })
  serving.handle(protocol, async function* () {
    yield new Uint8Array(1_000)
  })
  const server = nodes[0]!
  await server.handle(protocol, (stream, connection) =>
    serving.acceptStream(connection.remotePeer.toString() as PeerId, protocol, duplexOfStream(stream)),
  )
  const askFrom = async (node: Libp2p) => {
    const asking = new KeptStreams({
      onOffence: () => {},
      openStream: async () => duplexOfStream(await node.dialProtocol(server.getMultiaddrs(), protocol, { signal })),
    })
    try {
      const { value } = await asking.request(provider, protocol, new Uint8Array(1), { signal }).next()
      return value?.byteLength
    } catch (error) {
      return (error as { code?: string }).code
    } finally {
      await asking[Symbol.asyncDispose]()
      await node.hangUp(server.peerId)
    }
  }
  const asked = [await askFrom(asker), await askFrom(asker), await askFrom(asker), await askFrom(await startTcpNode())]
  expect(asked).toEqual([1_000, 1_000, 'E_BUSY', 1_000])
  await clock.pass(1_000)
  expect(await askFrom(asker)).toBe(1_000)
})
