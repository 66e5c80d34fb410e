import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ArtifactSink, fetchArtifact, KeptStreams } from '../../../src/federation/index.ts'
import { HashThread } from '../../../src/node/hashing/index.ts'
import type { Network } from '../../../src/node/network/network.ts'
import { openStreamOver } from '../../../src/node/network/stream-port.ts'
import { artifactSinkOf, openArtifactStore, openLevelDatabase } from '../../../src/node/storage/index.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import type { Contender } from './contender.ts'
import type { Piece } from './corpus.ts'
import { DISK_PROTOCOL, MEMORY_PROTOCOL } from './protocols.ts'

type Streams = Pick<KeptStreams, 'request' | 'reportOffence'>

/** Streams of the fetching node. */
export function streamsOver(libp2p: Network): KeptStreams {
  return new KeptStreams({
    openStream: openStreamOver(() => libp2p),
    onOffence: (_, code) => console.error(`offence: ${code}`),
  })
}

/** The same streams, which tell of the bytes of every message. */
export function counted(streams: KeptStreams, onBytes: (bytes: number) => void): Streams {
  return {
    reportOffence: streams.reportOffence.bind(streams),
    async *request(...args) {
      for await (const message of streams.request(...args)) {
        onBytes(message.byteLength)
        yield message
      }
    },
  }
}

/** The content protocol with every block hashed; the leaves are kept in memory. */
export function hanseInMemory(streams: Streams, peers: readonly PeerId[]): Contender {
  return contenderOf('hanse', { streams, protocol: MEMORY_PROTOCOL, peers, sink: memorySink() })
}

/** The same between two artifact stores: read and checked there, written, synced and entered here. */
export async function hanseOnDisk(streams: Streams, peers: readonly PeerId[]): Promise<Contender> {
  const folder = await mkdtemp(join(tmpdir(), 'hanse-transfer-'))
  const database = await openLevelDatabase(join(folder, 'db'))
  const store = await openArtifactStore({ database, folder })
  const contender = contenderOf('hanse, disk to disk', {
    ...{ streams, protocol: DISK_PROTOCOL, peers, sink: artifactSinkOf(store) },
  })
  return {
    ...contender,
    forget: async pieces => {
      for (const { layout } of pieces) await store.remove(layout.sha256)
    },
    [Symbol.asyncDispose]: async () => {
      await contender[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Parts {
  readonly streams: Streams
  readonly protocol: string
  readonly peers: readonly PeerId[]
  readonly sink: ArtifactSink
}

function contenderOf(name: string, { peers, ...context }: Parts): Contender {
  const { signal } = new AbortController()
  const thread = new HashThread()
  const openHash = () => thread.open()
  const fetch = async ({ layout }: Piece) => {
    const outcome = await fetchArtifact({ ...context, openHash }, layout, peers, { signal })
    if ('failed' in outcome) throw new Error(`${name}: ${JSON.stringify(outcome)}`)
  }
  return {
    name,
    fetch,
    fetchAll: async pieces => {
      await Promise.all(pieces.map(fetch))
    },
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  }
}

function memorySink(): ArtifactSink {
  return {
    async begin() {
      const leaves: Uint8Array[] = []
      return {
        kept: async () => null,
        writeRoot: async () => {},
        writeLeaf: async (index, leaf) => {
          leaves[index] = leaf
        },
        readLeaf: async index => leaves[index] ?? null,
        commit: async () => 'committed',
        suspend: async () => {},
        discard: async () => {},
      }
    },
  }
}
