import { hash } from 'node:crypto'
import { code as dagPb, decode } from '@ipld/dag-pb'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { type BlockId, bytesOfBase32Cid } from '../../protocol/index.ts'
import { leafCountOf, rootBlockOf } from './layout.ts'

/** What a root block says against its id and the release: `altered` blames the peer, `other-layout` the release. */
export type RootVerdict = { readonly leaves: readonly BlockId[] } | 'altered' | 'other-layout'

/** Of a CID what is looked at. */
interface IdParts {
  readonly code: number
  readonly multihash: { readonly code: number; readonly digest: Uint8Array }
}

const SHA2_256 = 0x12
const DIGEST_BYTES = 32
/** Characters of a CID of one byte each for version, codec, hash and length, and a sha-256. */
const USUAL_CHARACTERS = 59
/** Its last character has two bits that belong to no byte, and are not set. */
const USUAL_TEXT = /^b[a-z2-7]{57}[aeimquy4]$/

/** The id that was read last: one fetch, and one answer, ask for the same again and again. */
let last: { readonly id: BlockId; readonly parts: IdParts } | null = null

/** The parts of an id; throws for text that is none. */
export function partsOfId(id: BlockId): IdParts {
  if (last?.id !== id) last = { id, parts: usualPartsOf(id) ?? CID.parse(id) }
  return last.parts
}

/** Of a sha-256 of a raw or dag-pb block, without the general codec: a tenth of the time; null for all others, and what is no id. */
function usualPartsOf(id: BlockId): IdParts | null {
  if (id.length !== USUAL_CHARACTERS || !USUAL_TEXT.test(id)) return null
  const bytes = bytesOfBase32Cid(id)
  const [version, code, hashCode, digestBytes] = bytes
  if (version !== 1 || (code !== raw.code && code !== dagPb) || hashCode !== SHA2_256 || digestBytes !== DIGEST_BYTES)
    return null
  return { code, multihash: { code: SHA2_256, digest: bytes.subarray(4) } }
}

/** Whether bytes are the block that an id of sha2-256 names; false also for ids of other hash functions. */
export function isBlockOf(id: BlockId, bytes: Uint8Array): boolean {
  const { multihash } = partsOfId(id)
  return multihash.code === SHA2_256 && hash('sha256', bytes, 'buffer').equals(multihash.digest)
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
