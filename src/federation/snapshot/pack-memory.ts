import type { ArtifactSink, ArtifactWriter, KeptPart } from '../content/artifact-download.ts'

/** Keeps one pack in memory, and what came of it when a fetch breaks off, so that the next goes on behind it. */
export class PackMemory implements ArtifactSink {
  #cid = ''
  #root: Uint8Array | null = null
  #leaves: Uint8Array[] = []
  /** The pack, once it is whole. */
  pack: Uint8Array | null = null

  async begin({ cid }: { readonly cid: string }): Promise<ArtifactWriter> {
    const kept = cid === this.#cid ? this.#kept() : null
    if (kept === null) this.#forget()
    this.#cid = cid
    this.pack = null
    return {
      kept: async () => kept,
      writeRoot: async block => {
        this.#root = block.slice()
      },
      writeLeaf: async (index, leaf) => {
        this.#leaves[index] = leaf
      },
      commit: async () => {
        this.pack = Buffer.concat(this.#leaves)
        this.#forget()
      },
      suspend: async () => {},
      discard: async () => this.#forget(),
    }
  }

  #kept(): KeptPart | null {
    const [root, leaves] = [this.#root, this.#leaves]
    if (root === null || leaves.length === 0) return null
    return {
      root,
      leaves: (async function* () {
        yield* leaves
      })(),
    }
  }

  #forget(): void {
    this.#root = null
    this.#leaves = []
  }
}
