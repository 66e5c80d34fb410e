import { StorageError } from './errors.ts'
import { type LevelDatabase, plain, type Write } from './level-database.ts'
import { FOREIGN_BLOCKS_QUOTA_BYTES, MAX_FOREIGN_BLOCK_BYTES } from './limits.ts'

/** Opens the blocks kept for other IPFS users, with the quota in bytes. */
export async function openForeignBlocks(
  database: LevelDatabase,
  quotaBytes = FOREIGN_BLOCKS_QUOTA_BYTES,
): Promise<ForeignBlocks> {
  const order: Queued[] = []
  for await (const [key, value] of database.scan('foreignOrder')) {
    const [multihash, size] = Buffer.from(value).toString().split(' ') as [string, string]
    order.push({ key, multihash, size: Number(size) })
  }
  return new ForeignBlocks(database, quotaBytes, order)
}

interface Queued {
  /** Number of arrival, as a key that sorts. */
  readonly key: string
  readonly multihash: string
  readonly size: number
}

/** Blocks that belong to no artifact, by multihash (hex); beyond the quota the oldest go first. Bytes are not checked here. */
export class ForeignBlocks {
  readonly #database: LevelDatabase
  readonly #quotaBytes: number
  readonly #queue: Map<string, Queued>
  #bytes: number
  #next: number

  /** Use `openForeignBlocks`. */
  constructor(database: LevelDatabase, quotaBytes: number, order: readonly Queued[]) {
    this.#database = database
    this.#quotaBytes = quotaBytes
    this.#queue = new Map(order.map(queued => [queued.multihash, queued]))
    this.#bytes = order.reduce((sum, { size }) => sum + size, 0)
    this.#next = Number.parseInt(order.at(-1)?.key ?? '0', 16) + 1
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes
  }

  has(multihash: string): boolean {
    return this.#queue.has(multihash)
  }

  async get(multihash: string): Promise<Uint8Array | null> {
    const bytes = this.has(multihash) ? await this.#database.table('foreign').get(multihash) : undefined
    return bytes === undefined ? null : plain(bytes)
  }

  hashes(): readonly string[] {
    return [...this.#queue.keys()]
  }

  /** @throws StorageError E_QUOTA_EXCEEDED for a block larger than any peer sends or than the quota. */
  async put(multihash: string, bytes: Uint8Array): Promise<void> {
    if (this.has(multihash)) return
    if (bytes.length > Math.min(MAX_FOREIGN_BLOCK_BYTES, this.#quotaBytes)) {
      throw new StorageError('E_QUOTA_EXCEEDED', `a foreign block of ${bytes.length} bytes is too large to keep`)
    }
    const queued = { key: (this.#next++).toString(16).padStart(14, '0'), multihash, size: bytes.length }
    this.#queue.set(multihash, queued)
    this.#bytes += bytes.length
    const evicted = this.#evict()
    try {
      await this.#database.commit([
        { type: 'put', table: 'foreign', key: multihash, value: bytes },
        { type: 'put', table: 'foreignOrder', key: queued.key, value: Buffer.from(`${multihash} ${bytes.length}`) },
        ...evicted,
      ])
    } catch (error) {
      this.#forget(queued)
      throw error
    }
  }

  async delete(multihash: string): Promise<void> {
    const queued = this.#queue.get(multihash)
    if (queued === undefined) return
    this.#forget(queued)
    await this.#database.commit(removal(queued))
  }

  #evict(): Write[] {
    const writes: Write[] = []
    for (const queued of this.#queue.values()) {
      if (this.#bytes <= this.#quotaBytes) break
      this.#forget(queued)
      writes.push(...removal(queued))
    }
    return writes
  }

  #forget(queued: Queued): void {
    if (this.#queue.delete(queued.multihash)) this.#bytes -= queued.size
  }
}

function removal({ key, multihash }: Queued): Write[] {
  return [
    { type: 'del', table: 'foreign', key: multihash },
    { type: 'del', table: 'foreignOrder', key },
  ]
}
