import { createReadStream } from 'node:fs'
import { CID } from 'multiformats/cid'
import { type ArtifactLayout, layoutOf } from '../../federation/index.ts'
import type { BlockId, Sha256 } from '../../protocol/index.ts'
import { type ArtifactCheck, checkArtifacts, repairArtifact } from './artifact-check.ts'
import { ArtifactFiles } from './artifact-files.ts'
import { ArtifactIndex, type StoredArtifact } from './artifact-index.ts'
import { ArtifactIntake, type ExpectedArtifact } from './artifact-intake.ts'
import { ArtifactMarks } from './artifact-marks.ts'
import { ArtifactReader, type OpenArtifact } from './artifact-reader.ts'
import { type DeniedBytes, NOTHING_DENIED } from './denied-bytes.ts'
import type { LevelDatabase } from './level-database.ts'
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
  readonly #reader: ArtifactReader
  /** How bytes came here, held or about to be. */
  readonly marks: ArtifactMarks

  /** Use `openArtifactStore`. */
  constructor(files: ArtifactFiles, options: ArtifactStoreOptions) {
    const { database, onCorrupt = () => {}, denied = NOTHING_DENIED, requireRoom = async () => {} } = options
    this.#files = files
    this.#index = new ArtifactIndex(database)
    this.#intake = new ArtifactIntake(files, this.#index, { denied, requireRoom })
    this.#reader = new ArtifactReader(files, this.#index, onCorrupt)
    this.marks = new ArtifactMarks(database)
  }

  /** Stores bytes; see `ArtifactIntake.add`. */
  add(source: string | AsyncIterable<Uint8Array>, expected: ExpectedArtifact = {}): Promise<StoredArtifact> {
    return this.#intake.add(source, expected)
  }

  /** As `add`, for bytes of an upstream registry: unless held already, they are marked before anyone can find them. */
  addPulled(source: AsyncIterable<Uint8Array>): Promise<StoredArtifact> {
    return this.#intake.add(source, {}, sha256 => this.marks.markPulled([sha256]))
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
  layout(id: BlockId | Sha256): Promise<ArtifactLayout | null> {
    return this.#reader.layout(id)
  }

  /**
   * A held artifact's bytes from one on, checked leaf by leaf before each is handed out, or null.
   * The iteration throws StorageError E_ARTIFACT_MISMATCH at the first altered leaf.
   */
  open(id: BlockId | Sha256, from = 0): Promise<OpenArtifact | null> {
    return this.#reader.open(id, from)
  }

  /** Whether an artifact is held and every leaf is what it should be; altered bytes withdraw it. */
  isIntact(sha256: Sha256): Promise<boolean> {
    return this.#reader.isIntact(sha256)
  }

  /** Path of a held artifact's file, for tools that read files; its bytes are not checked. */
  pathOf(sha256: Sha256): string {
    return this.#files.path(sha256)
  }

  /** One block of any held artifact, checked, or null. Altered bytes withdraw the artifact and are reported. */
  readBlock(cid: BlockId): Promise<Uint8Array | null> {
    return this.#reader.block(cid)
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
}
