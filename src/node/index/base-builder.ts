import { setImmediate as otherWork } from 'node:timers/promises'
import { type BaseKeys, type BaseSize, baseKeysOf, type ColumnName } from './base-layout.ts'
import { BatchWriter } from './batch-writer.ts'
import { CollectedDocuments } from './collected-documents.ts'
import { writeColumn } from './columns.ts'
import type { Document } from './document.ts'
import { DOCUMENTS_PER_SLICE, PAGE_BYTES, TERMS_PER_SLICE } from './limits.ts'
import { foldedBytesOf } from './names.ts'
import { BlockWriter } from './posting-blocks.ts'
import { encodeJson, type SearchStore, withChecksum } from './search-store.ts'
import { encodeDocument, parseDocument } from './stored-document.ts'
import { byBytes } from './term-order.ts'

/**
 * Writes one base: document ids in descending popularity, postings in pages, then the columns.
 * Nothing counts until the caller stores the answered size with its meta; it lets other work run between slices.
 */
export async function buildBase(
  store: SearchStore,
  generation: number,
  documents: AsyncIterable<Document>,
  { signal }: { readonly signal: AbortSignal },
): Promise<BaseSize> {
  const keys = baseKeysOf(generation)
  await store.clear(keys.range)
  const writer = new BatchWriter(store)
  const collected = await collect(documents, writer, keys, signal)
  await writer.flush()
  const keyOf = (slot: number) =>
    parseDocument(store.getSync(keys.document(slot)), collected.textsOf(slot))?.key ?? null
  const slots = collected.slotsByPopularity(keyOf)
  const terms = await writeTerms(writer, keys, collected, slots)
  const nameBytes = await writeDocumentColumns(writer, keys, collected, slots)
  await writer.flush()
  return { generation, documents: slots.length, ...terms, nameBytes }
}

async function collect(documents: AsyncIterable<Document>, writer: BatchWriter, keys: BaseKeys, signal: AbortSignal) {
  const collected = new CollectedDocuments()
  for await (const document of documents) {
    const slot = collected.add(document)
    if (writer.add(keys.document(slot), encodeDocument(document))) await writer.flush()
    if (slot % DOCUMENTS_PER_SLICE !== 0) continue
    await otherWork()
    signal.throwIfAborted()
  }
  return collected
}

async function writeTerms(writer: BatchWriter, keys: BaseKeys, collected: CollectedDocuments, slots: Uint32Array) {
  const { starts, ids, impacts } = collected.postingsOf(slots)
  const pages = new PageWriter(writer, keys)
  const order = byBytes(collected.terms.keys()).filter(term => {
    const number = collected.terms.get(term)!
    return starts[number + 1]! > starts[number]!
  })
  const columns = termColumnsOf(order.length)
  const texts: Uint8Array[] = []
  for (const [at, term] of order.entries()) {
    const number = collected.terms.get(term)!
    const [from, to] = [starts[number]!, starts[number + 1]!]
    const place = to - from === 1 ? { page: ids[from]!, offset: impacts[from]! } : pages.place(ids, impacts, from, to)
    const text = Buffer.from(term)
    texts.push(text)
    columns.termLengths[at] = text.length
    columns.termDf[at] = to - from
    columns.termPage[at] = place.page
    columns.termOffset[at] = place.offset
    columns.termBest[at] = ids[from]!
    if (pages.isFull) await pages.flush()
    if (at % TERMS_PER_SLICE === 0) await otherWork()
  }
  pages.close()
  await pages.flush()
  const termBytes = Buffer.concat(texts)
  for (const [name, column] of Object.entries({ ...columns, termBytes })) {
    await writeColumn(writer.put, keys.column(name as ColumnName), column)
  }
  return { terms: order.length, termBytes: termBytes.length }
}

const termColumnsOf = (terms: number) => ({
  termLengths: new Uint8Array(terms),
  termDf: new Uint32Array(terms),
  termPage: new Uint32Array(terms),
  termOffset: new Uint16Array(terms),
  termBest: new Uint32Array(terms),
})

/** Writes what each document has one of, in the order of ids; answers the bytes of all names. */
async function writeDocumentColumns(
  writer: BatchWriter,
  keys: BaseKeys,
  collected: CollectedDocuments,
  slots: Uint32Array,
): Promise<number> {
  const names = Array.from(slots, slot => Buffer.from(collected.names[slot]!))
  const nameBytes = Buffer.concat(names)
  const folded = Array.from(slots, slot => foldedBytesOf(collected.names[slot]!))
  await otherWork()
  const byName = Uint32Array.from(slots.keys()).sort((a, b) => Buffer.compare(folded[a]!, folded[b]!) || a - b)
  const byHash = Uint32Array.from(slots.keys()).sort(
    (a, b) => collected.hash.at(slots[a]!) - collected.hash.at(slots[b]!),
  )
  const columns: Partial<Record<ColumnName, Parameters<typeof writeColumn>[2]>> = {
    nameBytes,
    nameLengths: Uint16Array.from(names, name => name.length),
    nameSorted: byName,
    keyHash: Float64Array.from(byHash, id => collected.hash.at(slots[id]!)),
    keyId: byHash,
    popularity: Uint8Array.from(slots, slot => collected.popularity.at(slot)),
    released: Uint16Array.from(slots, slot => collected.released.at(slot)),
    quality: Uint8Array.from(slots, slot => collected.quality.at(slot)),
    public: Uint8Array.from(slots, slot => collected.isPublic.at(slot)),
    type: Uint32Array.from(slots, slot => collected.type.at(slot)),
    publisher: Uint32Array.from(slots, slot => collected.publisher.at(slot)),
    license: Uint32Array.from(slots, slot => collected.license.at(slot)),
    slot: slots,
  }
  for (const [name, column] of Object.entries(columns)) {
    await writeColumn(writer.put, keys.column(name as ColumnName), column)
    await otherWork()
  }
  await writer.put(keys.labels, encodeJson(collected.labels))
  return nameBytes.length
}

/** Fills pages with blocks; a block never straddles two pages, a term's blocks follow each other. */
class PageWriter {
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

  /** Adds a term's postings and answers where they start. */
  place(ids: Uint32Array, impacts: Uint8Array, from: number, to: number): { page: number; offset: number } {
    const start = { page: this.#page, offset: this.#bytes }
    for (const block of this.#blocks.blocksOf(ids, impacts, from, to)) {
      this.#pending.push(block)
      this.#bytes += block.length
      if (this.#bytes >= PAGE_BYTES) this.close()
    }
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
