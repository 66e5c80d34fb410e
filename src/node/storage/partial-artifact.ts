import type { FileHandle } from 'node:fs/promises'
import { type ArtifactLayout, leafBytesOf } from '../../federation/index.ts'
import { readLeaf } from './artifact-files.ts'
import { isBlockOf } from './block-check.ts'
import { StorageError, writeErrorOf } from './errors.ts'
import { LEAF_BYTES } from './limits.ts'

/** Whether somebody has hashed all that was written, in order. */
export type WholeIs = 'checked' | 'unchecked'

/**
 * An artifact on its way: leaves are checked and written in any order, and a crash or a full disk loses none that reached
 * the disk, because opening it again hashes what is there instead of believing a bitmap.
 */
export class PartialArtifact implements AsyncDisposable {
  readonly layout: ArtifactLayout
  readonly #file: FileHandle
  readonly #written: Set<number>
  readonly #settle: (whole: WholeIs) => Promise<void>
  readonly #release: () => void
  #open = true

  /** Use `ArtifactStore.openPartial`. */
  constructor(
    layout: ArtifactLayout,
    file: FileHandle,
    written: Set<number>,
    settle: (whole: WholeIs) => Promise<void>,
    release: () => void,
  ) {
    this.layout = layout
    this.#file = file
    this.#written = written
    this.#settle = settle
    this.#release = release
  }

  /** Indexes of the leaves still wanted, ascending. */
  missing(): readonly number[] {
    return this.layout.leaves.flatMap((_, index) => (this.#written.has(index) ? [] : [index]))
  }

  /** Indexes of the leaves that are on disk, each hashed since it was opened. */
  get written(): ReadonlySet<number> {
    return this.#written
  }

  /** @throws StorageError E_ARTIFACT_MISMATCH when these are not the leaf's bytes, E_DISK_FULL with all earlier leaves kept. */
  async writeLeaf(index: number, bytes: Uint8Array): Promise<void> {
    const leaf = this.layout.leaves[index]
    if (leaf === undefined) throw new StorageError('E_ARTIFACT_MISMATCH', `leaf ${index} is outside the artifact`)
    if (bytes.length !== leafBytesOf(this.layout.size, index) || !isBlockOf(leaf, bytes)) {
      throw new StorageError('E_ARTIFACT_MISMATCH', `leaf ${index} of ${this.layout.cid} has other bytes than its CID`)
    }
    await this.writeChecked(index, bytes)
  }

  /** The same for bytes that were found to be the leaf's. @throws StorageError E_DISK_FULL */
  async writeChecked(index: number, bytes: Uint8Array): Promise<void> {
    try {
      await writeAll(this.#file, bytes, index * LEAF_BYTES)
    } catch (error) {
      throw writeErrorOf(error, `leaf ${index} of ${this.layout.cid}`)
    }
    this.#written.add(index)
  }

  /** The bytes of a leaf as they were written. */
  async readLeaf(index: number): Promise<Uint8Array> {
    return await readLeaf(this.#file, index, leafBytesOf(this.layout.size, index))
  }

  /** Checks the whole unless it is, puts it in its place and records it. @throws StorageError E_ARTIFACT_INCOMPLETE, E_ARTIFACT_MISMATCH. */
  async finish(whole: WholeIs = 'unchecked'): Promise<void> {
    const missing = this.missing().length
    if (missing > 0)
      throw new StorageError('E_ARTIFACT_INCOMPLETE', `${missing} leaves of ${this.layout.cid} are missing`)
    await this.#file.sync()
    await this.#settle(whole)
    await this[Symbol.asyncDispose]()
  }

  /** Closes the file; what was written stays for the next time. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return
    this.#open = false
    try {
      await this.#file.close()
    } finally {
      this.#release()
    }
  }
}

/** The leaves that a partial file already holds: hashed, because its bytes may never have reached the disk. */
export async function writtenLeavesOf(file: FileHandle, layout: ArtifactLayout): Promise<Set<number>> {
  const written = new Set<number>()
  const { size } = await file.stat()
  if (size === 0 && layout.size > 0) return written
  for (const [index, leaf] of layout.leaves.entries()) {
    const bytes = (await readLeaf(file, index)).subarray(0, leafBytesOf(layout.size, index))
    if (isBlockOf(leaf, bytes)) written.add(index)
  }
  return written
}

/** Writes all of `bytes` at `position`. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    done += bytesWritten
  }
}
