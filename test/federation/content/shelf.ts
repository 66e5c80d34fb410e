import {
  type ArtifactLayout,
  type ArtifactSink,
  type ArtifactSource,
  type KeptPart,
  layoutOf,
  type WantedArtifact,
} from '../../../src/federation/index.ts'

const MIB = 1 << 20

/** Bytes that differ in every leaf. */
export function packageOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at += 4093) bytes[at] = (at * 31) % 256
  return bytes
}

/** Blocks of artifacts in memory, as a source. */
export class Shelf implements ArtifactSource {
  readonly blocks = new Map<string, Uint8Array>()

  async add(bytes: Uint8Array): Promise<ArtifactLayout> {
    const layout = await layoutOf([bytes])
    for (const [index, leaf] of layout.leaves.entries())
      this.blocks.set(leaf, bytes.slice(index * MIB, (index + 1) * MIB))
    if (layout.rootBlock !== null) this.blocks.set(layout.cid, layout.rootBlock)
    return layout
  }

  /** Flips one byte of a block, so that it is served altered. */
  alter(id: string): void {
    const block = this.blocks.get(id)
    if (block !== undefined) block[block.byteLength >> 1] = (block[block.byteLength >> 1] ?? 0) ^ 1
  }

  async readBlock(id: string): Promise<Uint8Array | null> {
    return this.blocks.get(id) ?? null
  }
}

/** A sink that remembers what became of the last artifact. */
export class Store implements ArtifactSink {
  state: 'none' | 'partial' | 'committed' | 'suspended' | 'discarded' = 'none'
  /** What an earlier try left, as the next one finds it. */
  kept: KeptPart | null = null
  leaves: Uint8Array[] = []
  root: Uint8Array | null = null

  async begin(_: WantedArtifact) {
    this.state = 'partial'
    this.leaves = []
    return {
      kept: async () => this.kept,
      writeRoot: async (block: Uint8Array) => {
        this.root = block
      },
      writeLeaf: async (index: number, leaf: Uint8Array) => {
        this.leaves[index] = leaf
      },
      readLeaf: async (index: number) => this.leaves[index] ?? null,
      commit: async () => {
        this.state = 'committed'
        return 'committed' as const
      },
      suspend: async () => {
        this.state = 'suspended'
      },
      discard: async () => {
        this.state = 'discarded'
      },
    }
  }
}
