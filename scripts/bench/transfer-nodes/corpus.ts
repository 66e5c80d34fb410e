import { createCipheriv } from 'node:crypto'
import { type ArtifactLayout, layoutOf } from '../../../src/federation/index.ts'
import { LEAF_BYTES } from './sizes.ts'

/** One artifact of the benchmark: its number names it on the plain wires. */
export interface Piece {
  readonly index: number
  readonly layout: ArtifactLayout
  readonly bytes: Uint8Array
}

/** Artifacts of the given sizes, bytes: the same in every process, none like another, none that compresses. */
export async function corpusOf(sizes: readonly number[]): Promise<Piece[]> {
  const pieces: Piece[] = []
  for (const [index, size] of sizes.entries()) {
    const key = Buffer.alloc(32, 'hanse transfer')
    const bytes = createCipheriv('aes-256-ctr', key, Buffer.alloc(16, index % 251).fill(index >> 4, 8)).update(
      new Uint8Array(size),
    )
    pieces.push({ index, bytes, layout: await layoutOf([bytes]) })
  }
  return pieces
}

/** The blocks of an artifact by their ids, as views of its bytes. */
export function blocksOf({ layout, bytes }: Piece): [string, Uint8Array][] {
  const leaves = layout.leaves.map((leaf, at): [string, Uint8Array] => [
    leaf,
    bytes.subarray(at * LEAF_BYTES, (at + 1) * LEAF_BYTES),
  ])
  return layout.rootBlock === null ? leaves : [[layout.cid, layout.rootBlock], ...leaves]
}
