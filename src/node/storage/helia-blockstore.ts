import type { Blockstore, InputPair, Pair } from 'interface-blockstore'
import { CID } from 'multiformats/cid'
import { decode } from 'multiformats/hashes/digest'
import type { BlockId } from '../../protocol/index.ts'
import type { ArtifactStore } from './artifact-store.ts'
import { isBlockOf } from './block-check.ts'
import { type DeniedBytes, NOTHING_DENIED } from './denied-bytes.ts'
import { StorageError } from './errors.ts'
import type { ForeignBlocks } from './foreign-blocks.ts'
import { MAX_FOREIGN_BLOCK_BYTES } from './limits.ts'

/** What Helia takes, by its name, as a reason to ask its block brokers. */
export class BlockNotHeldError extends Error {
  override readonly name = 'NotFoundError'
}

type Bytes = InputPair['bytes']
const RAW = 0x55

/**
 * Helia's view of the store: blocks of held artifacts, read from their files, and foreign blocks within a quota.
 * Every block is checked when it comes and when it goes; deleting never touches an artifact's blocks.
 */
export class HeliaBlockstore implements Blockstore {
  readonly #artifacts: ArtifactStore
  readonly #foreign: ForeignBlocks
  readonly #denied: Pick<DeniedBytes, 'hasBlock'>

  constructor(
    artifacts: ArtifactStore,
    foreign: ForeignBlocks,
    denied: Pick<DeniedBytes, 'hasBlock'> = NOTHING_DENIED,
  ) {
    this.#artifacts = artifacts
    this.#foreign = foreign
    this.#denied = denied
  }

  async has(cid: CID): Promise<boolean> {
    return this.#foreign.has(keyOf(cid)) || (await this.#artifacts.hasBlock(idOf(cid)))
  }

  /** @throws an error named NotFoundError when it is not held. */
  async *get(cid: CID): AsyncGenerator<Uint8Array> {
    const bytes = (await this.#artifacts.readBlock(idOf(cid))) ?? (await this.#readForeign(cid))
    if (bytes === null) throw new BlockNotHeldError(`block ${cid} is not held`)
    yield bytes
  }

  async *getMany(source: Iterable<CID> | AsyncIterable<CID>): AsyncGenerator<Pair> {
    for await (const cid of source) yield { cid, bytes: this.get(cid) }
  }

  /** Foreign blocks only: artifacts are listed by their own store, and their leaves would be read in vain. */
  async *getAll(): AsyncGenerator<Pair> {
    for (const key of this.#foreign.hashes()) {
      const cid = CID.createV1(RAW, decode(Buffer.from(key, 'hex')))
      yield { cid, bytes: this.get(cid) }
    }
  }

  /** @throws StorageError E_ARTIFACT_MISMATCH for bytes that are not the block's, E_PURGED, E_QUOTA_EXCEEDED, E_DISK_FULL. */
  async put(cid: CID, value: Bytes): Promise<CID> {
    if (this.#denied.hasBlock(keyOf(cid))) throw new StorageError('E_PURGED', `block ${cid} was purged here`)
    const bytes = await joined(value)
    if (!isBlockOf(cid, bytes)) throw new StorageError('E_ARTIFACT_MISMATCH', `the bytes given are not block ${cid}`)
    if (!(await this.#artifacts.hasBlock(idOf(cid)))) await this.#foreign.put(keyOf(cid), bytes)
    return cid
  }

  async *putMany(source: Iterable<InputPair> | AsyncIterable<InputPair>): AsyncGenerator<CID> {
    for await (const { cid, bytes } of source) yield await this.put(cid, bytes)
  }

  async delete(cid: CID): Promise<void> {
    await this.#foreign.delete(keyOf(cid))
  }

  async *deleteMany(source: Iterable<CID> | AsyncIterable<CID>): AsyncGenerator<CID> {
    for await (const cid of source) {
      await this.delete(cid)
      yield cid
    }
  }

  async #readForeign(cid: CID): Promise<Uint8Array | null> {
    const bytes = await this.#foreign.get(keyOf(cid))
    if (bytes === null || isBlockOf(cid, bytes)) return bytes
    await this.#foreign.delete(keyOf(cid))
    return null
  }
}

function keyOf(cid: CID): string {
  return Buffer.from(cid.multihash.bytes).toString('hex')
}

function idOf(cid: CID): BlockId {
  return cid.toV1().toString() as BlockId
}

async function joined(value: Bytes): Promise<Uint8Array> {
  if (value instanceof Uint8Array) return value
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of value) {
    size += chunk.length
    if (size > MAX_FOREIGN_BLOCK_BYTES)
      throw new StorageError('E_QUOTA_EXCEEDED', 'a block is larger than any peer sends')
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
