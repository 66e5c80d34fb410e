import { decode } from '@ipld/dag-pb'
import * as raw from 'multiformats/codecs/raw'
import { type BlockId, encodeBlockAnswer, type PeerId, parseContentRequest } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { RequestHandler } from '../streams/answering-stream.ts'
import { LEAF_BYTES, SLICE_BYTES } from './limits.ts'
import { partsOfId } from './root-block.ts'

/** Where the serving side reads blocks; null: not here, or no longer what its id says. */
export interface ArtifactSource {
  readBlock(id: BlockId, peer: PeerId): Promise<Uint8Array | null>
}

/** The gate in front of every byte: whether this block may be served to this peer (DESIGN section 6). */
export type MayServeBlock = (id: BlockId, peer: PeerId) => boolean | Promise<boolean>

/** Name of the content protocol on a network. */
export function contentProtocolOf(network: string): string {
  return `/hanse/${network}/content/1`
}

/**
 * Answers content requests from a source behind the gate; what may not be served looks like what is not there, and `onMissing` is told
 * of it: it was looked for, and no byte says so.
 */
export function contentHandler(
  source: ArtifactSource,
  mayServe: MayServeBlock,
  onMissing: (peer: PeerId) => void = () => {},
): RequestHandler {
  return async function* answer(asked) {
    const { peer } = asked
    const request = parseContentRequest(asked.payload)
    if (request.ask === 'blocks') {
      for (const id of request.cids) {
        const block = await readServable(source, mayServe, id, peer)
        if (block === null) onMissing(peer)
        yield encodeBlockAnswer(block)
      }
      return
    }
    // The leaves of an artifact are as public as its root: the gate is asked about the root alone.
    if (!(await mayServe(request.root, peer))) {
      onMissing(peer)
      throw notHere(request.root)
    }
    const rootBlock = await readOrThrow(source, request.root, peer)
    if (partsOfId(request.root).code === raw.code) {
      if (request.from === 0 && request.count > 0) for (const slice of slicesOf(rootBlock)) yield slice
      return
    }
    if (request.from === 0) yield rootBlock
    const leaves = decode(rootBlock).Links.slice(request.from, request.from + request.count)
    for (const { Hash } of leaves) {
      asked.signal.throwIfAborted()
      for (const slice of slicesOf(await readOrThrow(source, Hash.toString() as BlockId, peer))) yield slice
    }
  }
}

async function readServable(
  source: ArtifactSource,
  mayServe: MayServeBlock,
  id: BlockId,
  peer: PeerId,
): Promise<Uint8Array | null> {
  if (!(await mayServe(id, peer))) return null
  const block = await source.readBlock(id, peer)
  return block !== null && block.byteLength <= LEAF_BYTES ? block : null
}

async function readOrThrow(source: ArtifactSource, id: BlockId, peer: PeerId): Promise<Uint8Array> {
  const block = await source.readBlock(id, peer)
  if (block === null) throw notHere(id)
  return block
}

function notHere(id: BlockId): FederationError {
  return new FederationError('E_NOT_FOUND', `no block ${id}`)
}

function* slicesOf(block: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < block.byteLength; at += SLICE_BYTES) yield block.subarray(at, at + SLICE_BYTES)
}
