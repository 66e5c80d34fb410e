import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'

/** The hash functions of blocks this node checks, by multihash code; all others are refused. */
const HASHES: ReadonlyMap<number, string> = new Map([
  [0x12, 'sha256'],
  [0x13, 'sha512'],
])

/** Whether `bytes` are the block that `cid` names; false also for a hash function this node does not check. */
export function isBlockOf(cid: CID | string, bytes: Uint8Array): boolean {
  const { multihash } = typeof cid === 'string' ? CID.parse(cid) : cid
  const name = HASHES.get(multihash.code)
  if (name === undefined) return false
  const digest = createHash(name).update(bytes).digest()
  return Buffer.compare(digest, multihash.digest) === 0
}
