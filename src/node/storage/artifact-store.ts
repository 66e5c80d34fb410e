import { createReadStream } from 'node:fs'
import { CID } from 'multiformats/cid'
import { type ArtifactLayout, layoutOf, leafBytesOf } from '../../federation/index.ts'
import type { BlockId, PublisherId, Sha256 } from '../../protocol/index.ts'
import { type ArtifactCheck, checkArtifacts, repairArtifact } from './artifact-check.ts'
import { ArtifactFiles, openIfThere, readLeaf } from './artifact-files.ts'
import { type ArtifactEntry, ArtifactIndex, type StoredArtifact } from './artifact-index.ts'
import { ArtifactIntake, type ExpectedArtifact } from './artifact-intake.ts'
import { ArtifactMarks } from './artifact-marks.ts'
import { isBlockOf } from './block-check.ts'
import { type DeniedBytes, NOTHING_DENIED } from './denied-bytes.ts'
import { StorageError } from './errors.ts'
import { type LevelDatabase, plain } from './level-database.ts'
import type { PartialArtifact } from './partial-artifact.ts'

export interface ArtifactStoreOptions {
  readonly database: LevelDatabase
  /** Folder of `artifacts/`, `partial/` and `aside/`. */
  readonly folder: string
  /** Called once when an artifact's bytes are found altered or gone; its blocks are then already withdrawn. */
  readonly onCorrupt?: (sha256: Sha256, path: string) => void
  /** Bytes that are taken from nobody. */
  readonly denied?: DeniedBytes
  /** Asked before anything new is written. @throws StorageError E_DISK_FULL */
  readonly requireRoom?: () => Promise<void>
}

/** Opens the artifact store in a home's content folder. */
export async function openArtifactStore(options: ArtifactStoreOptions): Promise<ArtifactStore> {
  const files = new ArtifactFiles(options.folder)
  await files.prepare()
  return new ArtifactStore(files, options)
}

/** Package bytes as content-addressed files, every read checked against its hash (FORMAT section 3). */
export class ArtifactStore {
  readonly #files: ArtifactFiles
  readonly #index: ArtifactIndex
  readonly #intake: ArtifactIntake
  readonly #own: ArtifactMarks
  readonly #pulled: ArtifactMarks
  readonly #database: LevelDatabase
  readonly #onCorrupt: (sha256: Sha256, path: string) => void

  /** Use `openArtifactStore`. */
  constructor(files: ArtifactFiles, options: ArtifactStoreOptions) {
    const { database, onCorrupt = () => {}, denied = NOTHING_DENIED, requireRoom = async () => {} } = options
    this.#files = files
    this.#database = database
    this.#index = new ArtifactIndex(database)
    this.#intake = new ArtifactIntake(files, this.#index, { denied, requireRoom })
    this.#own = new ArtifactMarks(database, 'own')
    this.#pulled = new ArtifactMarks(database, 'pulled')
    this.#onCorrupt = onCorrupt
  }

  /** Stores bytes; see `ArtifactIntake.add`. */
  add(source: string | AsyncIterable<Uint8Array>, expected: ExpectedArtifact = {}): Promise<StoredArtifact> {
    return this.#intake.add(source, expected)
  }

  /** As `add`, for bytes of an upstream registry: unless held already, they are marked before anyone can find them. */
  addPulled(source: AsyncIterable<Uint8Array>): Promise<StoredArtifact> {
    return this.#intake.add(source, {}, sha256 => this.#pulled.add([sha256]))
  }

  /** What a file would be stored as: its CID, size in bytes and sha-256; keeps nothing. */
  async measure(path: string): Promise<StoredArtifact> {
    const { cid, size, sha256 } = await layoutOf(createReadStream(path))
    return { cid, size, sha256 }
  }

  /** Whether the artifact with this root CID or sha-256 is held whole and undamaged. */
  async has(id: BlockId | Sha256): Promise<boolean> {
    return (await this.stat(id)) !== null
  }

  /** CID, size in bytes and sha-256 of a held artifact, or null. */
  async stat(id: BlockId | Sha256): Promise<StoredArtifact | null> {
    const entry = await this.#index.held(id)
    return entry === null ? null : { cid: entry.cid, size: entry.size, sha256: entry.sha256 }
  }

  /** How a held artifact is cut into blocks, or null. */
  async layout(id: BlockId | Sha256): Promise<ArtifactLayout | null> {
    const entry = await this.#index.held(id)
    if (entry === null) return null
    const { cid, leaves, size, sha256 } = entry
    return { cid, leaves, size, sha256, rootBlock: cid === leaves[0] ? null : await this.readBlock(cid) }
  }

  /**
   * A held artifact's bytes from one on, checked leaf by leaf before each is handed out, or null.
   * The iteration throws StorageError E_ARTIFACT_MISMATCH at the first altered leaf.
   */
  async open(
    id: BlockId | Sha256,
    from = 0,
  ): Promise<{ readonly size: number; readonly bytes: AsyncIterable<Uint8Array> } | null> {
    const entry = await this.#index.held(id)
    return entry === null ? null : { size: entry.size, bytes: this.#leaves(entry, from) }
  }

  /** Whether an artifact is held and every leaf is what it should be; altered bytes withdraw it. */
  async isIntact(sha256: Sha256): Promise<boolean> {
    const held = await this.open(sha256)
    if (held === null) return false
    try {
      for await (const _leaf of held.bytes);
      return true
    } catch (error) {
      if (error instanceof StorageError && error.code === 'E_ARTIFACT_MISMATCH') return false
      throw error
    }
  }

  /** Path of a held artifact's file, for tools that read files; its bytes are not checked. */
  pathOf(sha256: Sha256): string {
    return this.#files.path(sha256)
  }

  /** One block of any held artifact, checked, or null. Altered bytes withdraw the artifact and are reported. */
  async readBlock(cid: BlockId): Promise<Uint8Array | null> {
    for (const pointer of await this.#index.pointers(CID.parse(cid).multihash.bytes)) {
      const bytes = 'bytes' in pointer ? pointer.bytes : await this.#readLeafOf(pointer.sha256, pointer.leaf)
      if (bytes !== null && isBlockOf(cid, bytes)) return plain(bytes)
      await this.#withdraw(pointer.sha256)
    }
    return null
  }

  /** Whether a block's place is known; its bytes are checked only when read. */
  async hasBlock(cid: BlockId): Promise<boolean> {
    return (await this.#index.pointers(CID.parse(cid).multihash.bytes)).length > 0
  }

  /** The artifacts that a block belongs to, as root or leaf; at most 64. */
  async artifactsOf(cid: BlockId): Promise<readonly Sha256[]> {
    const pointers = await this.#index.pointers(CID.parse(cid).multihash.bytes)
    return [...new Set(pointers.map(({ sha256 }) => sha256))]
  }

  /** Opens an artifact to be written leaf by leaf; see `ArtifactIntake.openPartial`. */
  openPartial(layout: ArtifactLayout): Promise<PartialArtifact | null> {
    return this.#intake.openPartial(layout)
  }

  /** The root block that an interrupted fetch left, or null; not checked. */
  keptRoot(wanted: StoredArtifact): Promise<Uint8Array | null> {
    return this.#intake.keptRoot(wanted)
  }

  /** Forgets what was fetched of an artifact so far. */
  discardPartial(wanted: StoredArtifact): Promise<void> {
    return this.#intake.discard(wanted)
  }

  /** Keeps interrupted fetches within their quota, number and age. */
  prunePartials(): Promise<void> {
    return this.#intake.prunePartials()
  }

  /** Removes an artifact and its blocks; false when it was not there. */
  async remove(sha256: Sha256): Promise<boolean> {
    const entry = await this.#index.entry(sha256)
    if (entry === null) return false
    await this.#index.remove(entry)
    await this.#files.remove(sha256)
    return true
  }

  /** Removes an artifact with all that is left of it anywhere in the store; returns its blocks, root and leaves. */
  async purge(sha256: Sha256): Promise<readonly BlockId[]> {
    const entry = await this.#index.entry(sha256)
    if (entry !== null) await this.#index.remove(entry)
    await this.#files.removeAll(sha256)
    return entry === null ? [] : [entry.cid, ...entry.leaves]
  }

  /** Whether bytes came here by a release of this node, its record damaged or not: only its own public records may open them. */
  isOwn(sha256: Sha256): Promise<boolean> {
    return this.#own.has(sha256)
  }

  /** Marks bytes, held or about to be, as this node's own; durable. */
  markOwn(all: readonly Sha256[]): Promise<void> {
    return this.#own.add(all)
  }

  /** For bytes whose release did not come about. */
  unmarkOwn(sha256: Sha256): Promise<void> {
    return this.#own.remove(sha256)
  }

  /** Whether bytes came here from an upstream registry and from nobody else: no record of a stranger opens them. */
  isPulled(sha256: Sha256): Promise<boolean> {
    return this.#pulled.has(sha256)
  }

  /** Marks bytes that are about to come from peers as an upstream's; durable. */
  markPulled(all: readonly Sha256[]): Promise<void> {
    return this.#pulled.add(all)
  }

  /** For bytes that a publisher chosen here has released too. */
  async unmarkPulled(sha256: Sha256): Promise<void> {
    if (await this.#pulled.has(sha256)) await this.#pulled.remove(sha256)
  }

  /** Whose listed feed bytes came here for: only that publisher's records and own ones open them. Null: they did not come so. */
  async listedBy(sha256: Sha256): Promise<PublisherId | null> {
    const value = await this.#database.table('listed').get(sha256)
    return value === undefined ? null : (Buffer.from(value).toString() as PublisherId)
  }

  /** Marks bytes that are about to come from peers on the list of a publisher's listed feed; the first such publisher stays. Durable. */
  async markListed(sha256: Sha256, publisher: PublisherId): Promise<void> {
    if ((await this.listedBy(sha256)) !== null) return
    await this.#database.commit([{ type: 'put', table: 'listed', key: sha256, value: Buffer.from(publisher) }])
  }

  /** For bytes that came from peers because a public feed names them. */
  async unmarkListed(sha256: Sha256): Promise<void> {
    if ((await this.listedBy(sha256)) === null) return
    await this.#database.commit([{ type: 'del', table: 'listed', key: sha256 }])
  }

  /** All bytes marked as this node's own; not all need be held. */
  listOwn(): AsyncGenerator<Sha256> {
    return this.#own.list()
  }

  /** Every artifact held whole and undamaged. */
  async *list(): AsyncGenerator<StoredArtifact> {
    for await (const { cid, size, sha256, damaged } of this.#index.entries()) if (!damaged) yield { cid, size, sha256 }
  }

  /** Reads every artifact, and every file that nobody knows; see `checkArtifacts`. */
  verifyAll(): AsyncGenerator<ArtifactCheck> {
    return checkArtifacts(this.#files, this.#index)
  }

  /** Makes the store true again after a bad check; see `repairArtifact`. */
  repair(check: ArtifactCheck): Promise<string | null> {
    return repairArtifact(this.#files, this.#index, check)
  }

  /** Withdraws an artifact whose bytes are not what they should be, once, and reports it. */
  async #withdraw(sha256: Sha256): Promise<void> {
    const entry = await this.#index.entry(sha256)
    if (entry === null || entry.damaged) return
    await this.#index.markDamaged(entry)
    this.#onCorrupt(sha256, this.#files.path(sha256))
  }

  async *#leaves(entry: ArtifactEntry, from: number): AsyncGenerator<Uint8Array> {
    await using file = await openIfThere(this.#files.path(entry.sha256))
    let start = 0
    for (const [index, leaf] of entry.leaves.entries()) {
      const skipped = Math.max(0, from - start)
      start += leafBytesOf(entry.size, index)
      if (start <= from && from > 0) continue
      const bytes = file === null ? null : await readLeaf(file, index, leafBytesOf(entry.size, index))
      if (bytes === null || !isBlockOf(leaf, bytes)) {
        await this.#withdraw(entry.sha256)
        throw new StorageError('E_ARTIFACT_MISMATCH', `${this.#files.path(entry.sha256)} was altered on disk`)
      }
      if (bytes.length > 0) yield plain(bytes.subarray(skipped))
    }
  }

  async #readLeafOf(sha256: Sha256, leaf: number): Promise<Uint8Array | null> {
    const entry = await this.#index.entry(sha256)
    await using file = await openIfThere(this.#files.path(sha256))
    return entry === null || file === null ? null : await readLeaf(file, leaf, leafBytesOf(entry.size, leaf))
  }
}
