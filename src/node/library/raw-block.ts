import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import type { BlockId, Sha256 } from '../../protocol/index.ts'

/** The sha-256 of the bytes that a one-leaf CID names (FORMAT section 3), or null for a CID of more leaves. */
export function sha256OfRawBlock(cid: BlockId): Sha256 | null {
  const { code, multihash } = CID.parse(cid)
  return code === raw.code ? (Buffer.from(multihash.digest).toString('hex') as Sha256) : null
}
