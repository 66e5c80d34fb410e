import { createHash } from 'node:crypto'
import { createNode, encode } from '@ipld/dag-pb'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { create as createDigest } from 'multiformats/hashes/digest'
import { type BlockId, MAX_CONTENT_LEAVES, type Sha256 } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { LEAF_BYTES } from './limits.ts'

const DAG_PB = 0x70
const SHA2_256 = 0x12

/** An artifact cut into blocks as Helia's `addBytes` cuts it (specification section 12.3). */
export interface ArtifactLayout {
  readonly cid: BlockId
  /** The raw leaves in order: 1 MiB each, the last shorter. */
  readonly leaves: readonly BlockId[]
  /** The dag-pb root, null when the only leaf is the root. */
  readonly rootBlock: Uint8Array | null
  readonly size: number
  readonly sha256: Sha256
}

/** The layout of an artifact's bytes, read once; throws `E_TOO_LARGE` above 1,024 leaves. */
export async function layoutOf(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { signal }: { signal?: AbortSignal } = {},
): Promise<ArtifactLayout> {
  const whole = createHash('sha256')
  const leaves: Uint8Array[] = []
  let leaf = createHash('sha256')
  let leafBytes = 0
  let size = 0
  for await (const chunk of bytes) {
    signal?.throwIfAborted()
    whole.update(chunk)
    for (let at = 0; at < chunk.byteLength; ) {
      if (leafBytes === LEAF_BYTES) {
        leaves.push(leaf.digest())
        if (leaves.length >= MAX_CONTENT_LEAVES) throw new FederationError('E_TOO_LARGE', 'artifact above 1 GiB')
        leaf = createHash('sha256')
        leafBytes = 0
      }
      const part = chunk.subarray(at, at + LEAF_BYTES - leafBytes)
      leaf.update(part)
      leafBytes += part.byteLength
      size += part.byteLength
      at += part.byteLength
    }
  }
  leaves.push(leaf.digest())
  return { ...rootOf(leaves, size), size, sha256: whole.digest('hex') as Sha256 }
}

/** Bytes of leaf `index` in an artifact of `size` bytes. */
export function leafBytesOf(size: number, index: number): number {
  return Math.min(LEAF_BYTES, size - index * LEAF_BYTES)
}

/** Number of leaves of an artifact of `size` bytes; an empty one has one empty leaf. */
export function leafCountOf(size: number): number {
  return Math.max(1, Math.ceil(size / LEAF_BYTES))
}

/** Id of a raw block with this sha-256. */
function rawBlockId(digest: Uint8Array): BlockId {
  return CID.createV1(raw.code, createDigest(SHA2_256, digest)).toString() as BlockId
}

function rootOf(digests: Uint8Array[], size: number): Pick<ArtifactLayout, 'cid' | 'leaves' | 'rootBlock'> {
  const leaves = digests.map(rawBlockId)
  const [only] = leaves
  if (leaves.length === 1 && only !== undefined) return { cid: only, leaves, rootBlock: null }
  const rootBlock = rootBlockOf(leaves, size)
  const digest = createHash('sha256').update(rootBlock).digest()
  const cid = CID.createV1(DAG_PB, createDigest(SHA2_256, digest)).toString() as BlockId
  return { cid, leaves, rootBlock }
}

/** The dag-pb block over two or more leaves of an artifact of `size` bytes. */
export function rootBlockOf(leaves: readonly BlockId[], size: number): Uint8Array {
  const file = new UnixFS({ type: 'file', blockSizes: leaves.map((_, index) => BigInt(leafBytesOf(size, index))) })
  const links = leaves.map((leaf, index) => ({ Name: '', Tsize: leafBytesOf(size, index), Hash: CID.parse(leaf) }))
  return encode(createNode(file.marshal(), links))
}
