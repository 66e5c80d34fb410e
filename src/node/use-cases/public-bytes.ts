import { CID } from 'multiformats/cid'
import { type BlockId, blockIdOfCid, type PeerId, type Sha256 } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { requireAdmitted, StorageError } from '../storage/index.ts'

/** Bytes that everyone may have, and that never change. */
export interface PublicBytes {
  /** Names exactly these bytes. */
  readonly id: string
  readonly size: number
  /** The bytes from one on, as they are asked for. @throws NodeError E_NOT_FOUND when they have gone meanwhile */
  open(from: number): Promise<AsyncIterable<Uint8Array>>
}

type Parts = Pick<NodeContext, 'artifacts' | 'gate' | 'library' | 'purges'>

/** The gate is asked for whoever comes: no peer of that name is on a list. */
const ANYONE = '' as PeerId

/** An artifact that a public release names, by its sha-256 or root CID. @throws NodeError E_NOT_FOUND; StorageError E_PURGED */
export async function publicArtifact(node: Parts, id: Sha256 | BlockId): Promise<PublicBytes> {
  const held = await node.artifacts.stat(id)
  requireAdmitted(node.purges, held ?? deniedNameOf(id))
  if (held === null || !(await isForEveryone(node, held.cid))) throw notHere(id)
  return {
    id: held.sha256,
    size: held.size,
    open: async from => {
      const opened = await node.artifacts.open(held.sha256, from)
      if (opened === null) throw notHere(id)
      return opened.bytes
    },
  }
}

/** One block of such an artifact. @throws NodeError E_NOT_FOUND; StorageError E_PURGED */
export async function publicBlock(node: Parts, id: BlockId): Promise<PublicBytes> {
  const multihash = Buffer.from(CID.parse(id).multihash.bytes).toString('hex')
  if (node.purges.hasBlock(multihash)) throw new StorageError('E_PURGED', 'removed here for legal reasons')
  const block = (await isForEveryone(node, id)) ? await node.artifacts.readBlock(id) : null
  if (block === null) throw notHere(id)
  return { id, size: block.length, open: async from => chunksOf(block.subarray(from)) }
}

/** The id of a CID in any of its spellings. @throws NodeError E_USAGE */
export function parseBlockId(text: string): BlockId {
  try {
    return blockIdOfCid(CID.parse(text).toV1())
  } catch (cause) {
    throw new NodeError('E_USAGE', `${text.slice(0, 80)} is no CID of sha-256`, { cause })
  }
}

/** What came from an upstream is its registry's to give, also where this node shares it with peers. */
async function isForEveryone({ artifacts, gate, library }: Parts, cid: BlockId): Promise<boolean> {
  for (const sha256 of await artifacts.artifactsOf(cid)) {
    if ((await artifacts.marks.isPulled(sha256)) && !library.access.isReleasedHere(sha256)) continue
    const held = await artifacts.stat(sha256)
    if (held !== null && (await gate.mayServeBlock(held.cid, ANYONE))) return true
  }
  return false
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

const deniedNameOf = (id: Sha256 | BlockId) => ({ sha256: id as Sha256, cid: id as BlockId })

const notHere = (id: string): NodeError =>
  new NodeError('E_NOT_FOUND', `no public bytes ${id.slice(0, 80)} are here`, { hint: 'hanse info PURL names them' })
