import { hash } from 'node:crypto'
import { decode } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import type { BlockId } from '../../protocol/index.ts'
import { leafCountOf, rootBlockOf } from './layout.ts'

/** What a root block says against its id and the release: `altered` blames the peer, `other-layout` the release. */
export type RootVerdict = { readonly leaves: readonly BlockId[] } | 'altered' | 'other-layout'

/** The id that was read last: one fetch, and one answer, ask for the same again and again. */
let last: { readonly id: BlockId; readonly cid: CID } | null = null

/** The parts of an id; throws for text that is none. */
export function partsOfId(id: BlockId): CID {
  if (last?.id !== id) last = { id, cid: CID.parse(id) }
  return last.cid
}

/** Whether bytes are the block that an id of sha2-256 names; false also for ids of other hash functions. */
export function isBlockOf(id: BlockId, bytes: Uint8Array): boolean {
  const { multihash } = partsOfId(id)
  return multihash.code === 0x12 && hash('sha256', bytes, 'buffer').equals(multihash.digest)
}

/**
 * The leaves of an artifact's root block. The block is rebuilt from its links and compared, so exactly one block
 * stands for an artifact: no other names, sizes, orders or depths.
 */
export function leavesOfRoot(root: BlockId, bytes: Uint8Array, size: number): RootVerdict {
  if (!isBlockOf(root, bytes)) return 'altered'
  try {
    const ids = decode(bytes).Links.map(link => link.Hash)
    if (ids.length !== leafCountOf(size) || ids.some(id => id.version !== 1 || id.code !== raw.code))
      return 'other-layout'
    const leaves = ids.map(id => id.toString() as BlockId)
    return Buffer.from(bytes).equals(rootBlockOf(leaves, size)) ? { leaves } : 'other-layout'
  } catch {
    return 'other-layout'
  }
}
