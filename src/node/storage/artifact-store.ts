import { createHash, randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { CID } from 'multiformats/cid'
import { type ArtifactLayout, layoutOf, leafBytesOf } from '../../federation/index.ts'
import type { BlockId, Sha256 } from '../../protocol/index.ts'
import { ArtifactFiles, openIfThere, readLeaf } from './artifact-files.ts'
import { type ArtifactEntry, ArtifactIndex } from './artifact-index.ts'
import { isBlockOf } from './block-check.ts'
import { StorageError, writeErrorOf } from './errors.ts'
import { freeBytesOf, type LevelDatabase, plain } from './level-database.ts'
import { DISK_RESERVE_BYTES, LEAF_BYTES, MAX_LEAVES, MAX_STORED_ARTIFACT_BYTES } from './limits.ts'
import { PartialArtifact, writeAll, writtenLeavesOf } from './partial-artifact.ts'

/** An artifact held whole. */
export type StoredArtifact = Pick<ArtifactEntry, 'cid' | 'size' | 'sha256'>

/** What the bytes must turn out to be. */
export interface ExpectedArtifact {
  readonly cid?: BlockId
  readonly size?: number
  readonly sha256?: Sha256
}

/**
 * One line of `verifyAll`; `why` says what is wrong: other bytes, no file, a file nobody knows, or good bytes that were
 * withdrawn because what the database said of them was not.
 */
export interface ArtifactCheck {
  readonly sha256: Sha256
  readonly path: string
  readonly ok: boolean
  readonly why: null | 'altered' | 'missing' | 'unknown' | 'withdrawn'
}

export interface ArtifactStoreOptions {
  readonly database: LevelDatabase
  /** Folder of `artifacts/`, `partial/` and `aside/`. */
  readonly folder: string
  /** Called once when an artifact's bytes are found altered or gone; its blocks are then already withdrawn. */
  readonly onCorrupt?: (sha256: Sha256, path: string) => void
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
  readonly #options: ArtifactStoreOptions
  /** The partial writers open now, each with the promise of its end. */
  readonly #partials = new Map<Sha256, Promise<void>>()

  /** Use `openArtifactStore`. */
  constructor(files: ArtifactFiles, options: ArtifactStoreOptions) {
    this.#files = files
    this.#index = new ArtifactIndex(options.database)
    this.#options = options
  }

  /**
   * Stores bytes, from a file's path or as they come, and resolves when they are safe on disk.
   * @throws StorageError E_ARTIFACT_MISMATCH when they are not what was expected, E_DISK_FULL; nothing stays behind.
   */
  async add(source: string | AsyncIterable<Uint8Array>, expected: ExpectedArtifact = {}): Promise<StoredArtifact> {
    await this.#requireRoom(expected.size ?? 0)
    const partial = this.#files.partialPath(`add-${randomUUID()}`)
    try {
      const layout = await this.#writeNew(partial, typeof source === 'string' ? createReadStream(source) : source)
      requireExpected(layout, expected)
      await this.#settle(partial, layout)
      return { cid: layout.cid, size: layout.size, sha256: layout.sha256 }
    } catch (error) {
      throw writeErrorOf(error, 'the artifact')
    } finally {
      await rm(partial, { force: true })
    }
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
    const entry = await this.#held(id)
    return entry === null ? null : { cid: entry.cid, size: entry.size, sha256: entry.sha256 }
  }

  /** How a held artifact is cut into blocks, or null. */
  async layout(id: BlockId | Sha256): Promise<ArtifactLayout | null> {
    const entry = await this.#held(id)
    if (entry === null) return null
    const { cid, leaves, size, sha256 } = entry
    return { cid, leaves, size, sha256, rootBlock: cid === leaves[0] ? null : await this.readBlock(cid) }
  }

  /**
   * A held artifact's bytes, checked leaf by leaf before each is handed out, or null.
   * The iteration throws StorageError E_ARTIFACT_MISMATCH at the first altered leaf.
   */
  async open(
    id: BlockId | Sha256,
  ): Promise<{ readonly size: number; readonly bytes: AsyncIterable<Uint8Array> } | null> {
    const entry = await this.#held(id)
    return entry === null ? null : { size: entry.size, bytes: this.#leaves(entry) }
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

  /**
   * Opens an artifact to be written leaf by leaf, or null when it is held already; continues what an earlier try left.
   * A second caller waits until the first has closed.
   */
  async openPartial(layout: ArtifactLayout): Promise<PartialArtifact | null> {
    requirePossible(layout)
    for (let other = this.#partials.get(layout.sha256); other; other = this.#partials.get(layout.sha256)) await other
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#partials.set(layout.sha256, promise)
    const release = () => {
      this.#partials.delete(layout.sha256)
      resolve()
    }
    try {
      const partial = (await this.has(layout.sha256)) ? null : await this.#openPartial(layout, release)
      if (partial === null) release()
      return partial
    } catch (error) {
      release()
      throw writeErrorOf(error, 'the artifact')
    }
  }

  /** Forgets what was fetched of an artifact so far. */
  async discardPartial(sha256: Sha256): Promise<void> {
    await this.#partials.get(sha256)
    await rm(this.#files.partialPath(sha256), { force: true })
  }

  /** Removes an artifact and its blocks; false when it was not there. */
  async remove(sha256: Sha256): Promise<boolean> {
    const entry = await this.#index.entry(sha256)
    if (entry === null) return false
    await this.#index.remove(entry)
    await this.#files.remove(sha256)
    return true
  }

  /** Every artifact held whole and undamaged. */
  async *list(): AsyncGenerator<StoredArtifact> {
    for await (const { cid, size, sha256, damaged } of this.#index.entries()) if (!damaged) yield { cid, size, sha256 }
  }

  /** Reads every artifact, and every file that nobody knows, and says which are as they should be; changes nothing. */
  async *verifyAll(): AsyncGenerator<ArtifactCheck> {
    const known = new Set<Sha256>()
    for await (const { sha256, damaged } of this.#index.entries()) {
      known.add(sha256)
      const path = this.#files.path(sha256)
      const found = await sha256OfFile(path)
      const healthy = damaged ? 'withdrawn' : null
      const why = found === null ? 'missing' : found === sha256 ? healthy : 'altered'
      yield { sha256, path, ok: why === null, why }
    }
    for await (const sha256 of this.#files.names()) {
      if (!known.has(sha256)) yield { sha256, path: this.#files.path(sha256), ok: false, why: 'unknown' }
    }
  }

  /**
   * Makes the store true again after a bad check: an altered file is moved aside and forgotten, a missing one forgotten, an
   * unknown one adopted if its bytes fit its name, a withdrawn one offered again. Returns where the file is now.
   */
  async repair({ sha256, path, why }: ArtifactCheck): Promise<string | null> {
    if (why === null) return path
    if (why === 'withdrawn' || (why === 'unknown' && (await sha256OfFile(path)) === sha256)) {
      const layout = await layoutOf(createReadStream(path))
      await this.#index.put(layout)
      return path
    }
    const aside = await this.#files.moveAside(sha256)
    const entry = await this.#index.entry(sha256)
    if (entry !== null) await this.#index.remove(entry)
    return aside
  }

  /** Withdraws an artifact whose bytes are not what they should be, once, and reports it. */
  async #withdraw(sha256: Sha256): Promise<void> {
    const entry = await this.#index.entry(sha256)
    if (entry === null || entry.damaged) return
    await this.#index.markDamaged(entry)
    this.#options.onCorrupt?.(sha256, this.#files.path(sha256))
  }

  async #held(id: BlockId | Sha256): Promise<ArtifactEntry | null> {
    const entry = isSha256(id) ? await this.#index.entry(id) : await this.#index.entryOf(id)
    return entry === null || entry.damaged ? null : entry
  }

  async *#leaves(entry: ArtifactEntry): AsyncGenerator<Uint8Array> {
    await using file = await openIfThere(this.#files.path(entry.sha256))
    for (const [index, leaf] of entry.leaves.entries()) {
      const bytes = file === null ? null : (await readLeaf(file, index)).subarray(0, leafBytesOf(entry.size, index))
      if (bytes === null || !isBlockOf(leaf, bytes)) {
        await this.#withdraw(entry.sha256)
        throw new StorageError('E_ARTIFACT_MISMATCH', `${this.#files.path(entry.sha256)} was altered on disk`)
      }
      if (bytes.length > 0) yield plain(bytes)
    }
  }

  async #readLeafOf(sha256: Sha256, leaf: number): Promise<Uint8Array | null> {
    const entry = await this.#index.entry(sha256)
    await using file = await openIfThere(this.#files.path(sha256))
    return entry === null || file === null
      ? null
      : (await readLeaf(file, leaf)).subarray(0, leafBytesOf(entry.size, leaf))
  }

  async #writeNew(path: string, source: AsyncIterable<Uint8Array>): Promise<ArtifactLayout> {
    await using file = await open(path, 'wx', 0o600)
    const layout = await layoutOf(writingThrough(source, file))
    await file.sync()
    return layout
  }

  async #openPartial(layout: ArtifactLayout, release: () => void): Promise<PartialArtifact> {
    await this.#requireRoom(layout.size)
    const path = this.#files.partialPath(layout.sha256)
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const settle = async () => {
      if ((await sha256OfFile(path)) !== layout.sha256) {
        await rm(path, { force: true })
        throw new StorageError('E_ARTIFACT_MISMATCH', `the leaves of ${layout.cid} do not add up to its sha-256`)
      }
      await this.#settle(path, layout)
    }
    try {
      await file.truncate(layout.size)
      return new PartialArtifact(layout, file, await writtenLeavesOf(file, layout), settle, release)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** The order on arrival: the synced file is renamed, its folder synced, then the database learns of it. */
  async #settle(partial: string, layout: ArtifactLayout): Promise<void> {
    if (await this.has(layout.sha256)) return rm(partial, { force: true })
    await this.#files.settle(partial, layout.sha256)
    try {
      await this.#index.put(layout)
    } catch (error) {
      await this.#files.remove(layout.sha256)
      throw error
    }
  }

  async #requireRoom(bytes: number): Promise<void> {
    if ((await freeBytesOf(this.#options.folder)) >= bytes + DISK_RESERVE_BYTES) return
    throw new StorageError('E_DISK_FULL', `there is no room for ${bytes} bytes`, {
      hint: 'free some space on the disk that holds the home, then try again',
    })
  }
}

function isSha256(id: string): id is Sha256 {
  return /^[0-9a-f]{64}$/.test(id)
}

function requireExpected(layout: ArtifactLayout, expected: ExpectedArtifact): void {
  for (const field of ['sha256', 'cid', 'size'] as const) {
    const wanted = expected[field]
    if (wanted !== undefined && wanted !== layout[field]) {
      throw new StorageError('E_ARTIFACT_MISMATCH', `the artifact's ${field} is ${layout[field]}, expected ${wanted}`)
    }
  }
}

/** Refuses a stranger's layout that cannot be one: sizes and leaves must agree, and the root must be its own block. */
function requirePossible(layout: ArtifactLayout): void {
  const { size, leaves, rootBlock, cid, sha256 } = layout
  const fits =
    Number.isSafeInteger(size) && size >= 0 && size <= MAX_STORED_ARTIFACT_BYTES && leaves.length <= MAX_LEAVES
  const full = fits && leaves.length === Math.max(1, Math.ceil(size / LEAF_BYTES))
  const rooted = rootBlock === null ? leaves.length === 1 && leaves[0] === cid : isBlockOf(cid, rootBlock)
  if (!full || !rooted || !isSha256(sha256))
    throw new StorageError('E_ARTIFACT_MISMATCH', `the layout of ${cid} contradicts itself`)
}

async function* writingThrough(source: AsyncIterable<Uint8Array>, file: FileHandle): AsyncGenerator<Uint8Array> {
  let position = 0
  for await (const chunk of source) {
    if (position + chunk.length > MAX_STORED_ARTIFACT_BYTES) {
      throw new StorageError('E_ARTIFACT_MISMATCH', `the artifact is larger than ${MAX_STORED_ARTIFACT_BYTES} bytes`)
    }
    await writeAll(file, chunk, position)
    position += chunk.length
    yield chunk
  }
}

async function sha256OfFile(path: string): Promise<Sha256 | null> {
  await using file = await openIfThere(path)
  if (file === null) return null
  const hash = createHash('sha256')
  for (let index = 0; ; index++) {
    const bytes = await readLeaf(file, index)
    if (bytes.length === 0) return hash.digest('hex') as Sha256
    hash.update(bytes)
  }
}
