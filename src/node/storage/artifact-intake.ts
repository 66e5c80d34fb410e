import { randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, open, rm, writeFile } from 'node:fs/promises'
import { type ArtifactLayout, layoutOf } from '../../federation/index.ts'
import type { BlockId, Sha256 } from '../../protocol/index.ts'
import { type ArtifactFiles, bytesOnDisk, openIfThere, readLeaf, sha256OfFile } from './artifact-files.ts'
import type { ArtifactIndex, StoredArtifact } from './artifact-index.ts'
import { isBlockOf } from './block-check.ts'
import { type DeniedBytes, requireAdmitted } from './denied-bytes.ts'
import { MAKE_ROOM, StorageError, writeErrorOf } from './errors.ts'
import { freeBytesOf } from './free-bytes.ts'
import { ROOT_SUFFIX } from './kept-partials.ts'
import { DISK_RESERVE_BYTES, LEAF_BYTES, MAX_LEAVES, MAX_STORED_ARTIFACT_BYTES } from './limits.ts'
import { PartialArtifact, type WholeIs, writeAll, writtenLeavesOf } from './partial-artifact.ts'

/** What the bytes must turn out to be. */
export interface ExpectedArtifact {
  readonly cid?: BlockId
  readonly size?: number
  readonly sha256?: Sha256
}

/** What bytes that come are held against. */
export interface IntakeRules {
  readonly denied: DeniedBytes
  /** @throws StorageError E_DISK_FULL while nothing new may be kept */
  readonly requireRoom: () => Promise<void>
}

/** How bytes come into the store: whole, or leaf by leaf; until they are checked and settled the database knows nothing of them. */
export class ArtifactIntake {
  readonly #files: ArtifactFiles
  readonly #index: ArtifactIndex
  readonly #rules: IntakeRules
  /** The partial writers open now by file name, each with the promise of its end. */
  readonly #partials = new Map<string, Promise<void>>()

  constructor(files: ArtifactFiles, index: ArtifactIndex, rules: IntakeRules) {
    this.#files = files
    this.#index = index
    this.#rules = rules
  }

  /**
   * Stores bytes, from a file's path or as they come, and resolves when they are safe on disk. `settling` is waited for before
   * bytes that are new here are told of to anyone.
   * @throws StorageError E_ARTIFACT_MISMATCH when they are not what was expected, E_PURGED, E_DISK_FULL; nothing stays behind.
   */
  async add(
    source: string | AsyncIterable<Uint8Array>,
    expected: ExpectedArtifact = {},
    settling: (sha256: Sha256) => Promise<void> = async () => {},
  ): Promise<StoredArtifact> {
    await this.#requireRoom(expected.size ?? 0)
    const partial = this.#files.partialPath(`add-${randomUUID()}`)
    try {
      const layout = await this.#writeNew(partial, typeof source === 'string' ? createReadStream(source) : source)
      requireExpected(layout, expected)
      requireAdmitted(this.#rules.denied, layout)
      if ((await this.#index.held(layout.sha256)) === null) await settling(layout.sha256)
      await this.#settle(partial, layout)
      return { cid: layout.cid, size: layout.size, sha256: layout.sha256 }
    } catch (error) {
      throw writeErrorOf(error, 'the artifact')
    } finally {
      await rm(partial, { force: true })
    }
  }

  /**
   * Opens an artifact to be written leaf by leaf, or null when it is held already; continues what an earlier try left.
   * A second caller waits until the first has closed; one that names another layout of the same sha-256 waits for nobody.
   */
  async openPartial(layout: ArtifactLayout): Promise<PartialArtifact | null> {
    requirePossible(layout)
    requireAdmitted(this.#rules.denied, layout)
    const name = partialNameOf(layout)
    for (let other = this.#partials.get(name); other; other = this.#partials.get(name)) await other
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#partials.set(name, promise)
    const release = () => {
      this.#partials.delete(name)
      resolve()
    }
    try {
      const partial = (await this.#index.held(layout.sha256)) !== null ? null : await this.#openPartial(layout, release)
      if (partial === null) release()
      return partial
    } catch (error) {
      release()
      throw writeErrorOf(error, 'the artifact')
    }
  }

  /** The root block that an earlier try left, or null; not checked. */
  async keptRoot(wanted: StoredArtifact): Promise<Uint8Array | null> {
    await using file = await openIfThere(this.#files.partialPath(`${partialNameOf(wanted)}${ROOT_SUFFIX}`))
    return file === null ? null : await readLeaf(file, 0)
  }

  /** Forgets what was fetched of an artifact so far. */
  async discard(wanted: StoredArtifact): Promise<void> {
    await this.#partials.get(partialNameOf(wanted))
    await this.#files.removePartial(partialNameOf(wanted))
  }

  /** Removes interrupted fetches beyond the bounds. */
  prunePartials(): Promise<void> {
    return this.#files.prunePartials(name => this.#partials.has(name))
  }

  async #writeNew(path: string, source: AsyncIterable<Uint8Array>): Promise<ArtifactLayout> {
    await using file = await open(path, 'wx', 0o600)
    const layout = await layoutOf(writingThrough(source, file))
    await file.sync()
    return layout
  }

  async #openPartial(layout: ArtifactLayout, release: () => void): Promise<PartialArtifact> {
    const name = partialNameOf(layout)
    const path = this.#files.partialPath(name)
    await this.#requireRoom(Math.max(0, layout.size - (await bytesOnDisk(path))))
    if (layout.rootBlock !== null) await writeFile(`${path}${ROOT_SUFFIX}`, layout.rootBlock, { mode: 0o600 })
    const file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600)
    const settle = async (whole: WholeIs) => {
      if (whole === 'unchecked' && (await sha256OfFile(path)) !== layout.sha256) {
        await this.#files.removePartial(name)
        throw new StorageError('E_ARTIFACT_MISMATCH', `the leaves of ${layout.cid} do not add up to its sha-256`)
      }
      try {
        await this.#settle(path, layout)
      } finally {
        await this.#files.removePartial(name)
      }
    }
    try {
      // Its time of writing says how long it did not get further.
      if ((await file.stat()).size !== layout.size) await file.truncate(layout.size)
      return new PartialArtifact(layout, file, await writtenLeavesOf(file, layout), settle, release)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** The order on arrival: the synced file is renamed, its folder synced, then the database learns of it. */
  async #settle(partial: string, layout: ArtifactLayout): Promise<void> {
    if ((await this.#index.held(layout.sha256)) !== null) return rm(partial, { force: true })
    await this.#files.settle(partial, layout.sha256)
    try {
      requireAdmitted(this.#rules.denied, layout)
      await this.#index.put(layout)
    } catch (error) {
      await this.#files.remove(layout.sha256)
      throw error
    }
    // Denied in the moment it was entered: whoever denied it did not find it yet.
    if (this.#rules.denied.whyOf(layout) === null) return
    await this.#index.remove({ ...layout, damaged: false })
    await this.#files.remove(layout.sha256)
    requireAdmitted(this.#rules.denied, layout)
  }

  async #requireRoom(bytes: number): Promise<void> {
    await this.#rules.requireRoom()
    if ((await freeBytesOf(this.#files.folder)) >= bytes + DISK_RESERVE_BYTES) return
    throw new StorageError('E_DISK_FULL', `there is no room for ${bytes} bytes`, {
      hint: MAKE_ROOM,
    })
  }
}

/** Releases that name other layouts of one sha-256 get files of their own: which of them is true is only known at the end. */
const partialNameOf = ({ sha256, cid, size }: StoredArtifact): string => `${sha256}-${cid}-${size}`

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
  if (!full || !rooted || !/^[0-9a-f]{64}$/.test(sha256))
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
