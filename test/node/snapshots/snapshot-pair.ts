import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Joined, joinFromSnapshot, rangeVerifier, snapshotHandler } from '../../../src/federation/index.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { signingKeyOf } from '../../../src/node/identity/ed25519-key.ts'
import { type MadePack, makePacks } from '../../../src/node/snapshots/make-packs.ts'
import { SnapshotShelf } from '../../../src/node/snapshots/snapshot-shelf.ts'
import {
  type PublisherId,
  peerIdOfKey,
  sealSnapshot,
  verifySignaturesOnPool,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { NET } from '../../federation/simulation/cast.ts'
import { PROTOCOL, twoNodes } from '../../federation/streams/two-nodes.ts'
import { MemoryFeedStore } from '../../federation/sync/memory-feed-store.ts'

const key = signingKeyOf(new Uint8Array(32).fill(7))
const MAKER = peerIdOfKey(key.publicKey)

export interface PairOptions {
  readonly packBytes?: number
  /** What a hostile maker does with a pack before it signs the manifest. */
  readonly forge?: (pack: MadePack, index: number) => MadePack
  readonly net?: string
}

/** A maker that holds some records and serves its snapshot, and a node that holds none and takes it in over streams. */
export class SnapshotPair implements AsyncDisposable {
  readonly held = new MemoryFeedStore()
  readonly taken = new MemoryFeedStore()
  readonly #folder: string
  shelf: SnapshotShelf
  readonly nodes
  packs = 0

  private constructor(folder: string) {
    this.#folder = folder
    this.shelf = new SnapshotShelf(join(folder, 'snapshots'))
    this.nodes = twoNodes(request => snapshotHandler(this.shelf)(request))
  }

  static async holding(records: readonly WellFormedRecord[]): Promise<SnapshotPair> {
    const pair = new SnapshotPair(await mkdtemp(join(tmpdir(), 'hanse-snapshot-')))
    await pair.held.append(records)
    return pair
  }

  /** Packs what is public of the publishers, signs and serves it. */
  async make(publishers: readonly PublisherId[], isPublic: (feed: string) => boolean, options: PairOptions = {}) {
    const { packBytes = 1 << 20, forge = pack => pack, net = NET } = options
    const shelved = []
    const parts = { store: this.held, publishers, packBytes, mayPack: ({ feed }: { feed: string }) => isPublic(feed) }
    for await (const pack of makePacks(parts, new AbortController().signal))
      shelved.push(await this.shelf.put(forge(pack, shelved.length)))
    const snapshot = { maker: MAKER, at: 1, packs: shelved.map(({ pack }) => pack) }
    await this.shelf.publish(
      sealSnapshot(snapshot, net, bytes => key.sign(bytes)),
      snapshot,
      shelved,
    )
    this.packs = shelved.length
  }

  /** A bit of each pack flips on the maker's disk. */
  async alterPack(): Promise<void> {
    const folder = join(this.#folder, 'snapshots')
    for (const name of (await readdir(folder)).filter(each => each !== 'manifest')) {
      const bytes = await readFile(join(folder, name))
      bytes[bytes.length >> 1]! ^= 1
      await writeFile(join(folder, name), bytes)
    }
  }

  /** The maker starts again. */
  async restart(blocked?: PublisherId): Promise<void> {
    this.shelf = new SnapshotShelf(join(this.#folder, 'snapshots'))
    await this.shelf.load(NET, publisher => publisher !== blocked)
  }

  /** Takes in what is missing of these. */
  async join(publishers: readonly PublisherId[]): Promise<Joined> {
    const missing = new Set(publishers)
    const ports = {
      ...{ net: NET, streams: this.nodes.alice, protocol: PROTOCOL },
      intake: new Intake({
        ...{ net: NET, store: this.taken, onStored: () => {}, isOwnFeed: () => false, onOwnFeed: () => {} },
        verify: rangeVerifier({ net: NET, verifySignatures: verifySignaturesOnPool }),
      }),
      isWanted: (publisher: PublisherId) => missing.has(publisher),
      isPublic: () => false,
      wants: (first: PublisherId, last: PublisherId) => publishers.some(each => first <= each && each <= last),
      holders: () => [],
    }
    return await joinFromSnapshot(ports, MAKER, new AbortController().signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.nodes.alice[Symbol.asyncDispose]()
    await this.nodes.bob[Symbol.asyncDispose]()
    await rm(this.#folder, { recursive: true, force: true })
  }
}
