import type { ArtifactSink, ArtifactWriter, KeptPart, WantedArtifact } from '../content/artifact-writer.ts'

/** Keeps one pack in memory, and what came of it when a fetch breaks off, so that the next goes on behind it. */
export class PackMemory implements ArtifactSink {
  #cid = ''
  #root: Uint8Array | null = null
  #leaves: Uint8Array[] = []
  /** The pack, once it is whole. */
  pack: Uint8Array | null = null

  async begin({ cid }: Pick<WantedArtifact, 'cid'>): Promise<ArtifactWriter> {
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
      readLeaf: async index => this.#leaves[index] ?? null,
      commit: async () => {
        this.pack = Buffer.concat(this.#leaves)
        this.#forget()
        return 'committed'
      },
      suspend: async () => {},
      discard: async () => this.#forget(),
    }
  }

  #kept(): KeptPart | null {
    const [root, leaves] = [this.#root, this.#leaves]
    if (root === null || leaves.length === 0) return null
    return { root, leaves: new Set(leaves.flatMap((leaf, index) => (leaf === undefined ? [] : [index]))) }
  }

  #forget(): void {
    this.#root = null
    this.#leaves = []
  }
}
