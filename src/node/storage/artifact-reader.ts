import { CID } from 'multiformats/cid'
import { type ArtifactLayout, leafBytesOf } from '../../federation/index.ts'
import type { BlockId, Sha256 } from '../../protocol/index.ts'
import { type ArtifactFiles, openIfThere, readLeaf } from './artifact-files.ts'
import type { ArtifactEntry, ArtifactIndex } from './artifact-index.ts'
import { isBlockOf } from './block-check.ts'
import { StorageError } from './errors.ts'
import { plain } from './level-database.ts'

/** An artifact being read: its size in bytes, and its bytes from where they were asked for. */
export interface OpenArtifact {
  readonly size: number
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Reads what the store holds and hands out nothing unchecked: bytes that were altered withdraw their artifact and are reported once. */
export class ArtifactReader {
  readonly #files: ArtifactFiles
  readonly #index: ArtifactIndex
  readonly #onCorrupt: (sha256: Sha256, path: string) => void

  constructor(files: ArtifactFiles, index: ArtifactIndex, onCorrupt: (sha256: Sha256, path: string) => void) {
    this.#files = files
    this.#index = index
    this.#onCorrupt = onCorrupt
  }

  /** See `ArtifactStore.layout`. */
  async layout(id: BlockId | Sha256): Promise<ArtifactLayout | null> {
    const entry = await this.#index.held(id)
    if (entry === null) return null
    const { cid, leaves, size, sha256 } = entry
    return { cid, leaves, size, sha256, rootBlock: cid === leaves[0] ? null : await this.block(cid) }
  }

  /** See `ArtifactStore.open`. */
  async open(id: BlockId | Sha256, from: number): Promise<OpenArtifact | null> {
    const entry = await this.#index.held(id)
    return entry === null ? null : { size: entry.size, bytes: this.#leaves(entry, from) }
  }

  /** See `ArtifactStore.isIntact`. */
  async isIntact(sha256: Sha256): Promise<boolean> {
    const held = await this.open(sha256, 0)
    if (held === null) return false
    try {
      for await (const _leaf of held.bytes);
      return true
    } catch (error) {
      if (error instanceof StorageError && error.code === 'E_ARTIFACT_MISMATCH') return false
      throw error
    }
  }

  /** See `ArtifactStore.readBlock`. */
  async block(cid: BlockId): Promise<Uint8Array | null> {
    for (const pointer of await this.#index.pointers(CID.parse(cid).multihash.bytes)) {
      const bytes = 'bytes' in pointer ? pointer.bytes : await this.#leafOf(pointer.sha256, pointer.leaf)
      if (bytes !== null && isBlockOf(cid, bytes)) return plain(bytes)
      await this.#withdraw(pointer.sha256)
    }
    return null
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

  async #leafOf(sha256: Sha256, leaf: number): Promise<Uint8Array | null> {
    const entry = await this.#index.entry(sha256)
    await using file = await openIfThere(this.#files.path(sha256))
    return entry === null || file === null ? null : await readLeaf(file, leaf, leafBytesOf(entry.size, leaf))
  }

  async #withdraw(sha256: Sha256): Promise<void> {
    const entry = await this.#index.entry(sha256)
    if (entry === null || entry.damaged) return
    await this.#index.markDamaged(entry)
    this.#onCorrupt(sha256, this.#files.path(sha256))
  }
}
