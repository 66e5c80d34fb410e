import { join } from 'node:path'
import { noise } from '@libp2p/noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { createLibp2p, type Libp2p } from 'libp2p'
import { expect, test } from 'vitest'
import { LEAF_BYTES, SLICE_BYTES } from '../../../src/federation/content/limits.ts'
import {
  contentHandler,
  contentProtocolOf,
  KeptStreams,
  MirrorMemory,
  type RequestHandler,
} from '../../../src/federation/index.ts'
import { ArtifactFetcher } from '../../../src/node/library/artifact-fetcher.ts'
import { duplexOfStream } from '../../../src/node/network/libp2p-duplex.ts'
import { openArtifactStore, openLevelDatabase } from '../../../src/node/storage/index.ts'
import { AbsentHolders } from '../../../src/node/use-cases/absent-holders.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { packageOf, Shelf } from '../../federation/content/shelf.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const PROTOCOL = contentProtocolOf('test')
const PUBLISHER = 'publisher' as PublisherId
const SIZE = 12_000_000
/** Messages of each answer that the stalled mirror sends. */
const STALL_AFTER = 2

async function startTcpNode(stack: AsyncDisposableStack): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  })
  stack.defer(() => node.stop())
  return node
}

/** A node that answers content requests. */
async function startMirror(stack: AsyncDisposableStack, handler: RequestHandler): Promise<Libp2p> {
  const node = await startTcpNode(stack)
  const streams = new KeptStreams({ openStream: () => Promise.reject(new Error('none')), onOffence: () => {} })
  stack.use(streams)
  streams.handle(PROTOCOL, handler)
  await node.handle(PROTOCOL, (stream, connection) =>
    streams.acceptStream(connection.remotePeer.toString() as PeerId, PROTOCOL, duplexOfStream(stream)),
  )
  return node
}

/** The same handler, which is silent after its first messages until the asker leaves. */
const silentAfter = (messages: number, handler: RequestHandler): RequestHandler =>
  async function* (request) {
    let sent = 0
    for await (const message of handler(request)) {
      if (sent++ === messages) await new Promise(resolve => request.signal.addEventListener('abort', resolve))
      yield message
    }
  }

test('of three mirrors one stalls and one lies: all comes, little twice, both are remembered and asked last', async () => {
  await using stack = new AsyncDisposableStack()
  const [good, lying] = [new Shelf(), new Shelf()]
  const bytes = packageOf(SIZE)
  const layout = await good.add(bytes)
  await lying.add(bytes)
  for (const leaf of layout.leaves) lying.alter(leaf)
  const serve = contentHandler(good, () => true)
  const nodes = {
    stalled: await startMirror(stack, silentAfter(STALL_AFTER, serve)),
    liar: await startMirror(
      stack,
      contentHandler(lying, () => true),
    ),
    honest: await startMirror(stack, serve),
  }
  const idOf = (name: keyof typeof nodes) => nodes[name].peerId.toString() as PeerId
  const asker = await startTcpNode(stack)
  const servers = new Map(Object.values(nodes).map(node => [node.peerId.toString(), node]))
  const kept = stack.use(
    new KeptStreams({
      onOffence: () => {},
      openStream: async (peer, protocol, { signal }) =>
        duplexOfStream(await asker.dialProtocol(servers.get(peer)!.getMultiaddrs(), protocol, { signal })),
    }),
  )
  let receivedBytes = 0
  const request: KeptStreams['request'] = async function* (...asked) {
    for await (const message of kept.request(...asked)) {
      receivedBytes += message.byteLength
      yield message
    }
  }
  const streams = { request, reportOffence: kept.reportOffence.bind(kept) }
  const folder = await temporaryFolder()
  const database = stack.use(await openLevelDatabase(join(folder, 'database')))
  const store = await openArtifactStore({ database, folder })
  const [mirrors, absent] = [new MirrorMemory(), new AbsentHolders()]
  const fetcher = new ArtifactFetcher({
    ...{ streams: streams as KeptStreams, protocol: PROTOCOL, store, mirrors: () => mirrors },
    onMiss: (publisher, peer) => absent.add(publisher, peer, 0),
    async *providersOf() {
      yield* [idOf('stalled'), idOf('liar'), idOf('honest')]
    },
    onFetched: () => {},
  })
  const artifact = { name: 'x.bin', cid: layout.cid, size: layout.size, sha256: layout.sha256 }
  const fetching = fetcher.fetch(artifact, PUBLISHER, new AbortController().signal, 'generic:x')
  await expect.poll(() => fetcher.transfers()[0]?.bytes ?? 0).toBeGreaterThan(0)
  expect(fetcher.transfers()).toMatchObject([{ asked: ['generic:x'], fileName: 'x.bin', size: SIZE, kept: 0 }])

  const outcome = await fetching
  expect(outcome).toMatchObject({ from: idOf('honest') })
  const brought = 'mirrors' in outcome ? outcome.mirrors : []
  expect(brought.map(({ peer }) => peer)).not.toContain(idOf('liar'))
  expect(brought.reduce((sum, each) => sum + each.bytes, 0)).toBe(SIZE)
  // Of each of the liar's two requests one leaf while the one before is checked; of the stalled one's two messages each.
  expect(receivedBytes - SIZE).toBeLessThanOrEqual(2 * 2 * LEAF_BYTES + 2 * STALL_AFTER * SLICE_BYTES)
  expect(fetcher.transfers()).toEqual([])
  expect(await store.has(layout.cid)).toBe(true)

  const now = performance.now()
  const order = mirrors.bestFirst([idOf('stalled'), idOf('liar'), idOf('honest')], now, 1_000)
  expect(order[0]).toBe(idOf('honest'))
  expect(mirrors.bestFirst([idOf('stalled'), 'unknown' as PeerId, idOf('liar')], now, 1_000)[0]).toBe('unknown')
  // Who lied is taken for absent; who was slow has the bytes.
  expect(absent.has(PUBLISHER, idOf('liar'), 1)).toBe(true)
  expect(absent.has(PUBLISHER, idOf('stalled'), 1)).toBe(false)
  expect(absent.has(PUBLISHER, idOf('honest'), 1)).toBe(false)
}, 60_000)
