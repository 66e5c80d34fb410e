import { join } from 'node:path'
import { layoutOf, MirrorMemory } from '../../../src/federation/index.ts'
import { PurgeList } from '../../../src/node/cache/index.ts'
import { openSearchIndex } from '../../../src/node/index/index.ts'
import { Library } from '../../../src/node/library/library.ts'
import { RelationBook } from '../../../src/node/library/relation-book.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'
import { openLevelDatabase, RecordStore } from '../../../src/node/storage/index.ts'
import { AbsentHolders } from '../../../src/node/use-cases/absent-holders.ts'
import { ProvenHolders } from '../../../src/node/use-cases/proven-holders.ts'
import {
  type Artifact,
  type BlockId,
  buildWriterRecord,
  feedIdOf,
  type HoldsOp,
  type Op,
  type PackageName,
  type PeerId,
  type PublisherId,
  type ReleaseName,
  type Visibility,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { delegateOf, NET, publisherOf, type TestPublisher } from '../../federation/search/signed-hits.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** A peer id for a number, as a record may name it. */
export function peerOf(n: number): PeerId {
  const letters = 'abcdefghijkmnopqrstuvwxyz'
  const tail = `${letters[n % 25]}${letters[Math.floor(n / 25) % 25]}`
  return `12D3KooWPcPTvBMKUQM3CVBFgHVviii1v2n495ynbMCGsH7Z${tail}Ep` as PeerId
}

function recordsOf(by: TestPublisher, visibility: Visibility, lists: readonly (readonly Op[])[]) {
  const records: WellFormedRecord[] = [by.genesis, delegateOf(by, { body: { visibility } })]
  let prev: WellFormedRecord | null = null
  for (const [i, ops] of lists.entries()) {
    const place = { net: NET, publisher: by.genesis.publisher, feed: feedIdOf([1, by.writer.bytes]), seq: i + 1, ts: 3 }
    const typ = ops[0]?.op ?? 'release'
    prev = buildWriterRecord({ ...place, prev: prev?.id ?? null, auth: by.genesis.id, typ, ops }, by.writer.sign)
    records.push(prev)
  }
  return records
}

/** A publisher's records that release an artifact. */
/** With `audience`, its peers are put on the feed's list first. */
export function releasing(
  seed: number,
  artifact: Artifact,
  visibility: Visibility = 'public',
  audience: readonly PeerId[] = [],
) {
  const purl = 'pkg:generic/sail@1' as ReleaseName
  const list: Op[][] = audience.length === 0 ? [] : [[{ op: 'audience', peers: audience, undo: false }]]
  return recordsOf(publisherOf(seed), visibility, [
    ...list,
    [{ op: 'release', purl, artifacts: [artifact], summary: {} }],
  ])
}

/** A publisher's records that release one artifact as many packages. */
export function releasingMany(seed: number, artifact: Artifact, count: number) {
  const ops = Array.from({ length: count }, (_, i): Op => {
    return { op: 'release', purl: `pkg:generic/sail${i}@1` as ReleaseName, artifacts: [artifact], summary: {} }
  })
  const lists = Array.from({ length: Math.ceil(count / 100) }, (_, at) => ops.slice(at * 100, at * 100 + 100))
  return recordsOf(publisherOf(seed), 'public', lists)
}

/** A publisher's records that say which peers hold another publisher's bytes. */
export function stating(seed: number, publisher: PublisherId, peers: readonly PeerId[]) {
  const ops = peers.map((peer): HoldsOp => ({ op: 'holds', peer, publishers: [publisher], cids: [], undo: false }))
  return recordsOf(publisherOf(seed), 'public', [ops])
}

/** A publisher's records that say which peers hold single roots. */
export function statingRoots(seed: number, peers: readonly PeerId[], cids: readonly BlockId[]) {
  const ops = peers.map((peer): HoldsOp => ({ op: 'holds', peer, publishers: [], cids: [...cids], undo: false }))
  return recordsOf(publisherOf(seed), 'public', [ops])
}

export const idOf = (seed: number): PublisherId => publisherOf(seed).genesis.publisher

/** The package that `releasing` releases. */
export const sailName = 'pkg:generic/sail' as PackageName

export async function sailOf(): Promise<Artifact> {
  const { cid, size, sha256 } = await layoutOf([Buffer.from('sail')])
  return { name: 'sail.bin', cid, size, sha256 }
}

export interface HolderWorld {
  readonly connected?: readonly PeerId[]
  readonly inDht?: readonly PeerId[]
  /** Who says, by an answer without bytes, that it has what is asked for; others have nothing, and `silent` ones never answer. */
  readonly holders?: readonly PeerId[]
  readonly silent?: readonly PeerId[]
  /** Who says of itself that it mirrors the first publisher. */
  readonly claiming?: readonly PeerId[]
  readonly own?: PublisherId
}

/** The parts of a node that finding holders needs; `asked` has every peer a CID was told to. */
export async function nodeAmong(records: readonly WellFormedRecord[], world: HolderWorld = {}) {
  const { connected = [], inDht = [], holders = [], silent = [], claiming = [], own = 'own' as PublisherId } = world
  const folder = await temporaryFolder()
  const database = await openLevelDatabase(join(folder, 'database'))
  const index = await openSearchIndex(database.table('index'))
  const library = await Library.open({ net: NET, database, records: new RecordStore(database), index })
  library.access.ownedBy(own)
  await library.store.append(records)
  await library.absorb(records)
  const asked: PeerId[] = []
  const node = {
    library,
    relations: await RelationBook.open(join(folder, 'relations.json')),
    purges: await PurgeList.open(join(folder, 'purged.json')),
    absent: new AbsentHolders(),
    proven: new ProvenHolders(),
    mirrors: new MirrorMemory(),
    writer: { publisher: own },
    peers: { isPinned: () => false },
    protocols: { content: 'content' },
    connectedPeers: () => connected,
    nodeRecords: () => new Map(),
    recordOf: (peer: PeerId) => (claiming.includes(peer) ? { mirrors: [idOf(1)] } : null),
    dial: async () => true,
    everything: () => null,
    libp2p: {
      peerId: 'self',
      getConnections: () => [],
      contentRouting: {
        async *findProviders() {
          yield* inDht.map(id => ({ id, multiaddrs: [] }))
        },
      },
    },
    streams: {
      request: async function* (
        peer: PeerId,
        _protocol: string,
        _payload: Uint8Array,
        { signal }: { signal: AbortSignal },
      ) {
        asked.push(peer)
        if (silent.includes(peer)) {
          await new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
          )
        }
        if (!holders.includes(peer)) throw new Error('not here')
      },
    },
  } as unknown as NodeContext
  const dispose = async () => {
    await index[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  }
  return { node, asked, [Symbol.asyncDispose]: dispose }
}
