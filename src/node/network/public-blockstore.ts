import type { Blockstore, InputPair, Pair } from 'interface-blockstore'
import type { CID } from 'multiformats/cid'
import type { BlockId, PeerId } from '../../protocol/index.ts'
import { BlockNotHeldError } from '../storage/index.ts'

/** Bitswap does not say who asks: what everyone may have is all it can serve. */
const ANYONE = '' as PeerId

/**
 * The view of the blockstore that Helia and so bitswap gets: blocks the gate refuses look like blocks not held.
 * Writing and deleting pass through.
 */
export class PublicBlockstore implements Blockstore {
  readonly #blocks: Blockstore
  readonly #mayServe: (cid: BlockId, peer: PeerId) => Promise<boolean>
  readonly #isForeign: (cid: CID) => boolean

  /** `isForeign`: blocks that other IPFS users put here, which no record names. */
  constructor(
    blocks: Blockstore,
    mayServe: (cid: BlockId, peer: PeerId) => Promise<boolean>,
    isForeign: (cid: CID) => boolean,
  ) {
    this.#blocks = blocks
    this.#mayServe = mayServe
    this.#isForeign = isForeign
  }

  async has(cid: CID): Promise<boolean> {
    return (await this.#isOpen(cid)) && (await this.#blocks.has(cid))
  }

  async *get(cid: CID): AsyncGenerator<Uint8Array> {
    if (!(await this.#isOpen(cid))) throw new BlockNotHeldError(`block ${cid} is not held`)
    yield* this.#blocks.get(cid)
  }

  async *getMany(source: Iterable<CID> | AsyncIterable<CID>): AsyncGenerator<Pair> {
    for await (const cid of source) yield { cid, bytes: this.get(cid) }
  }

  async *getAll(): AsyncGenerator<Pair> {
    for await (const { cid } of this.#blocks.getAll()) if (await this.#isOpen(cid)) yield { cid, bytes: this.get(cid) }
  }

  async put(cid: CID, bytes: InputPair['bytes']): Promise<CID> {
    return await this.#blocks.put(cid, bytes)
  }

  async *putMany(source: Iterable<InputPair> | AsyncIterable<InputPair>): AsyncGenerator<CID> {
    yield* this.#blocks.putMany(source)
  }

  async delete(cid: CID): Promise<void> {
    await this.#blocks.delete(cid)
  }

  async *deleteMany(source: Iterable<CID> | AsyncIterable<CID>): AsyncGenerator<CID> {
    yield* this.#blocks.deleteMany(source)
  }

  async #isOpen(cid: CID): Promise<boolean> {
    return this.#isForeign(cid) || (await this.#mayServe(cid.toV1().toString() as BlockId, ANYONE))
  }
}
