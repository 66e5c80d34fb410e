/** The serving process: the whole corpus over every wire, by as many nodes as the first argument says; the second says how many artifacts. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { CONTENT_ALLOWANCE, contentHandler, KeptStreams, PeerBudgets } from '../../../src/federation/index.ts'
import { duplexOfStream } from '../../../src/node/network/libp2p-duplex.ts'
import { acceptStreams } from '../../../src/node/network/stream-port.ts'
import { openArtifactStore, openLevelDatabase } from '../../../src/node/storage/index.ts'
import { type BenchNode, startBenchNode } from './bench-node.ts'
import { blocksOf, corpusOf } from './corpus.ts'
import { DISK_PROTOCOL, MEMORY_PROTOCOL, RAW_PROTOCOL } from './protocols.ts'
import { ALL_SIZES } from './sizes.ts'

const RAW_SLICE_BYTES = 256 << 10
const corpus = await corpusOf(ALL_SIZES.slice(0, Number(process.argv[3])))
const blocks = new Map(corpus.flatMap(blocksOf))
const folder = await mkdtemp(join(tmpdir(), 'hanse-transfer-'))
await using ends = new AsyncDisposableStack()
ends.defer(() => rm(folder, { recursive: true, force: true }))
const database = ends.use(await openLevelDatabase(join(folder, 'db')))
const store = await openArtifactStore({ database, folder })
for (const { bytes } of corpus) await store.add(ReadableStream.from([bytes]) as unknown as AsyncIterable<Uint8Array>)

const nodes: BenchNode[] = []
for (let number = 1; number <= Number(process.argv[2]); number++) {
  const node = ends.use(await startBenchNode(number))
  for (const [id, bytes] of blocks) await node.helia.blockstore.put(CID.parse(id), bytes)
  const budget = new PeerBudgets({
    allowances: { [MEMORY_PROTOCOL]: CONTENT_ALLOWANCE, [DISK_PROTOCOL]: CONTENT_ALLOWANCE },
  })
  const streams = new KeptStreams({
    openStream: () => Promise.reject(new Error('the server asks nobody')),
    onOffence: (_, code) => console.error(`offence: ${code}`),
    budget,
  })
  streams.handle(
    MEMORY_PROTOCOL,
    contentHandler({ readBlock: async id => blocks.get(id) ?? null }, () => true),
  )
  streams.handle(
    DISK_PROTOCOL,
    contentHandler({ readBlock: id => store.readBlock(id) }, () => true),
  )
  await acceptStreams(node.libp2p, [MEMORY_PROTOCOL, DISK_PROTOCOL], streams)
  await node.libp2p.handle(RAW_PROTOCOL, stream => {
    const duplex = duplexOfStream(stream)
    let tail = Promise.resolve()
    answerNumbers(
      take => duplex.onData(take),
      bytes => {
        tail = tail.then(async () => {
          for (let at = 0; at < bytes.length; at += RAW_SLICE_BYTES)
            await duplex.send(bytes.subarray(at, at + RAW_SLICE_BYTES))
        })
        tail.catch(() => {})
      },
    )
  })
  nodes.push(node)
}

const tcp = createServer(socket => {
  socket.setNoDelay(true)
  socket.on('error', () => {})
  answerNumbers(
    take => socket.on('data', take),
    bytes => socket.write(bytes),
  )
})
const http = createHttpServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  const bytes = corpus[Number(request.url?.slice(1))]?.bytes ?? new Uint8Array()
  response.setHeader('content-length', bytes.length)
  response.end(bytes)
})
for (const server of [tcp, http]) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
}
const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port
const peers = nodes.map(({ libp2p }) => ({
  peer: libp2p.peerId.toString(),
  addresses: libp2p.getMultiaddrs().map(String),
}))
console.log(JSON.stringify({ peers, tcp: portOf(tcp), http: portOf(http) }))
process.stdin.resume()
await once(process.stdin, 'end')
tcp.close()
http.closeAllConnections()
http.close()
await ends[Symbol.asyncDispose]()
process.exit()

/** A wire on which four bytes ask for the artifact of that number, and its bytes are the answer. */
function answerNumbers(onData: (take: (chunk: Uint8Array) => void) => void, send: (bytes: Uint8Array) => void): void {
  let rest = Buffer.alloc(0)
  onData(chunk => {
    rest = Buffer.concat([rest, chunk])
    for (; rest.length >= 4; rest = rest.subarray(4)) send(corpus[rest.readUInt32BE()]?.bytes ?? new Uint8Array())
  })
}
