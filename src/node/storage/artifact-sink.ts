import {
  type ArtifactSink,
  type ArtifactWriter,
  type KeptPart,
  leavesOfRoot,
  type WantedArtifact,
} from '../../federation/index.ts'
import type { ArtifactStore } from './artifact-store.ts'
import { StorageError } from './errors.ts'
import { LEAF_BYTES } from './limits.ts'
import type { PartialArtifact } from './partial-artifact.ts'

/**
 * Where fetched artifacts go: a partial file per artifact, in its place once whole. A suspended one keeps its leaves for the next
 * fetch, within bounds; a discarded one leaves nothing.
 */
export function artifactSinkOf(store: ArtifactStore): ArtifactSink {
  return {
    async begin(wanted) {
      const writer = new SinkWriter(store, wanted)
      if (wanted.size <= LEAF_BYTES) await writer.start(null)
      return writer
    },
  }
}

/** `null` partial: the artifact was held already, so its bytes are not needed. */
class SinkWriter implements ArtifactWriter {
  readonly #store: ArtifactStore
  readonly #wanted: WantedArtifact
  #partial: PartialArtifact | null = null
  #started = false

  constructor(store: ArtifactStore, wanted: WantedArtifact) {
    this.#store = store
    this.#wanted = wanted
  }

  async start(rootBlock: Uint8Array | null): Promise<void> {
    if (this.#started) return
    const { cid, size, sha256 } = this.#wanted
    const root = rootBlock === null ? { leaves: [cid] } : leavesOfRoot(cid, rootBlock, size)
    if (typeof root === 'string') throw new StorageError('E_ARTIFACT_MISMATCH', `the root block of ${cid} is ${root}`)
    this.#partial = await this.#store.openPartial({ cid, size, sha256, leaves: root.leaves, rootBlock })
    this.#started = true
  }

  async kept(): Promise<KeptPart | null> {
    if (this.#wanted.size <= LEAF_BYTES) return null
    const root = await this.#store.keptRoot(this.#wanted)
    const { cid, size } = this.#wanted
    if (root === null || typeof leavesOfRoot(cid, root, size) === 'string') return null
    await this.start(root)
    return this.#partial === null ? null : { root, leaves: this.#partial.written }
  }

  writeRoot(block: Uint8Array): Promise<void> {
    return this.start(Uint8Array.from(block))
  }

  async writeLeaf(index: number, leaf: Uint8Array): Promise<void> {
    await this.#partial?.writeChecked(index, leaf)
  }

  async readLeaf(index: number): Promise<Uint8Array | null> {
    return this.#partial === null ? null : await this.#partial.readLeaf(index)
  }

  async commit(): Promise<'committed' | 'other-digest'> {
    if (this.#partial === null) return (await this.#isHeld()) ? 'committed' : 'other-digest'
    try {
      await this.#partial.finish('checked')
      return 'committed'
    } catch (error) {
      if (error instanceof StorageError && error.code === 'E_ARTIFACT_MISMATCH') return 'other-digest'
      throw error
    }
  }

  /** Whether the bytes that are here under this sha-256 are those of the release. */
  async #isHeld(): Promise<boolean> {
    const { cid, size, sha256 } = this.#wanted
    const held = await this.#store.stat(sha256)
    return held?.cid === cid && held.size === size
  }

  async suspend(): Promise<void> {
    if (this.#partial === null) return
    const isEmpty = this.#partial.missing().length === this.#partial.layout.leaves.length
    if (isEmpty) return await this.discard()
    await this.#partial[Symbol.asyncDispose]()
    await this.#store.prunePartials()
  }

  async discard(): Promise<void> {
    if (this.#partial === null) return
    await this.#partial[Symbol.asyncDispose]()
    await this.#store.discardPartial(this.#wanted)
  }
}
