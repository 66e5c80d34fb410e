import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { unixfs } from '@helia/unixfs'
import type { Blockstore } from 'interface-blockstore'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import type { ArtifactLayout } from '../../../src/federation/index.ts'
import type { BlockId, Sha256 } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

/** A folder that goes away with its scope. */
export async function scopedFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await temporaryFolder()
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Deterministic bytes that repeat nowhere. */
export function bytesOf(size: number, word = 'x'): Uint8Array {
  const bytes = Buffer.alloc(size)
  for (let at = 0, i = 0; at < size; at += 32) createHash('sha256').update(`${word}${i++}`).digest().copy(bytes, at)
  return new Uint8Array(bytes)
}

const MIB = 1 << 20

/** The layout as Helia itself makes it: the store's tests depend on no code of ours for it. */
export async function heliaLayoutOf(source: AsyncIterable<Uint8Array>): Promise<ArtifactLayout> {
  const chunks: Uint8Array[] = []
  for await (const chunk of source) chunks.push(chunk)
  const bytes = new Uint8Array(Buffer.concat(chunks))
  const blocks = new Map<string, Uint8Array>()
  const put = async (cid: CID, block: Uint8Array) => {
    blocks.set(cid.toString(), block)
    return cid
  }
  const cid = await unixfs({ blockstore: { put } as unknown as Blockstore }).addBytes(bytes)
  const leaves = Array.from({ length: Math.max(1, Math.ceil(bytes.length / MIB)) }, (_, i) =>
    rawCidOf(bytes.subarray(i * MIB, (i + 1) * MIB)),
  )
  return {
    cid: cid.toString() as BlockId,
    leaves,
    rootBlock: leaves.length === 1 ? null : blocks.get(cid.toString())!,
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex') as Sha256,
  }
}

export function rawCidOf(bytes: Uint8Array): BlockId {
  return CID.createV1(0x55, create(0x12, createHash('sha256').update(bytes).digest())).toString() as BlockId
}

export async function* chunksOf(bytes: Uint8Array, size = 100_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
