import type { BaseKeys } from './base-layout.ts'
import type { BatchWriter } from './batch-writer.ts'
import { LONG_PAGE_BYTES, PAGE_BYTES } from './limits.ts'
import { BlockWriter } from './posting-blocks.ts'
import { withChecksum } from './search-store.ts'
import { PLACE_BYTES } from './terms.ts'

/** A column of 32 bits keeps places. */
const MAX_PLACE = 2 ** 32 - 1

/** Fills pages with blocks; a block never straddles two pages, a term's blocks follow each other. */
export class PageWriter {
  readonly #writer: BatchWriter
  readonly #keys: BaseKeys
  readonly #blocks = new BlockWriter()
  #pending: Uint8Array[] = []
  #bytes = 0
  #page = 0
  isFull = false

  constructor(writer: BatchWriter, keys: BaseKeys) {
    this.#writer = writer
    this.#keys = keys
  }

  /** Adds a term's postings and answers their place. Long lists have larger pages to themselves: a page costs a read. */
  place(ids: Uint32Array, impacts: Uint8Array, from: number, to: number): number {
    const blocks = this.#blocks.blocksOf(ids, impacts, from, to)
    const isLong = blocks.reduce((sum, { length }) => sum + length, 0) > PAGE_BYTES
    if (isLong) this.close()
    const start = this.#page * PLACE_BYTES + this.#bytes
    if (start > MAX_PLACE) throw new RangeError('an index holds at most 2 GiB of postings')
    for (const block of blocks) {
      this.#pending.push(block)
      this.#bytes += block.length
      if (this.#bytes >= (isLong ? LONG_PAGE_BYTES : PAGE_BYTES)) this.close()
    }
    if (isLong) this.close()
    return start
  }

  close(): void {
    if (this.#bytes === 0) return
    const page = withChecksum(Buffer.concat(this.#pending))
    this.isFull = this.#writer.add(this.#keys.page(this.#page++), page) || this.isFull
    this.#pending = []
    this.#bytes = 0
  }

  async flush(): Promise<void> {
    this.isFull = false
    await this.#writer.flush()
  }
}
