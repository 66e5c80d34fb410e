import type { ArtifactHash } from './artifact-hash.ts'

/** Where the leaves of one artifact are. */
export interface LeavesHere {
  /** Indexes of those that are written. */
  readonly done: ReadonlySet<number>
  /** One of those; null: all of the artifact was here before. */
  read(index: number): Promise<Uint8Array | null>
}

/**
 * Hashes an artifact while its leaves come in any order: one that is next in the whole is hashed for both at once, the others are read
 * again when those before them are here, so that none is kept in memory for it.
 */
export class WholeHash {
  readonly #hash: ArtifactHash
  readonly #leaves: LeavesHere
  /** The leaf that the whole goes on with. */
  #next = 0
  #isAdding = false
  #wasHere = false
  #reading: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | null = null

  constructor(hash: ArtifactHash, leaves: LeavesHere) {
    this.#hash = hash
    this.#leaves = leaves
  }

  /** Whether these bytes are the leaf with this sha-256. */
  async check(index: number, bytes: Uint8Array, digest: Uint8Array): Promise<boolean> {
    if (index !== this.#next || this.#isAdding) return await this.#hash.check(bytes, digest, false)
    this.#isAdding = true
    try {
      const isRight = await this.#hash.check(bytes, digest, true)
      if (isRight) this.#next++
      return isRight
    } finally {
      this.#isAdding = false
    }
  }

  /** More leaves are written: goes on with those that were not next when they came. */
  goOn(): void {
    if (this.#isAdding || !this.#leaves.done.has(this.#next) || this.#failure !== null || this.#wasHere) return
    this.#isAdding = true
    this.#reading = this.#addWritten()
  }

  /** The sha-256 of all leaves, hex; null: it was here before. Throws what reading them failed with. */
  async end(): Promise<string | null> {
    await this.#reading
    this.goOn()
    await this.#reading
    if (this.#failure !== null) throw this.#failure.error
    return this.#wasHere ? null : await this.#hash.end()
  }

  async #addWritten(): Promise<void> {
    try {
      for (; this.#leaves.done.has(this.#next); this.#next++) {
        const bytes = await this.#leaves.read(this.#next)
        this.#wasHere = bytes === null
        if (bytes === null) return
        await this.#hash.add(bytes)
      }
    } catch (error) {
      this.#failure = { error }
    } finally {
      this.#isAdding = false
    }
  }
}
