import { setImmediate as otherWork } from 'node:timers/promises'
import { type BaseKeys, type BaseSize, baseKeysOf, type ColumnName } from './base-layout.ts'
import { BatchWriter } from './batch-writer.ts'
import { CollectedDocuments } from './collected-documents.ts'
import { narrowColumn, writeColumn } from './columns.ts'
import type { Document } from './document.ts'
import { DOCUMENTS_PER_SLICE, MAX_DOCUMENTS, TERMS_PER_SLICE } from './limits.ts'
import { foldedBytesOf } from './names.ts'
import { PageWriter } from './page-writer.ts'
import { encodeJson, type SearchStore } from './search-store.ts'
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
  const collected = await collect(documents, signal)
  try {
    return { generation, ...(await writeBase(new BatchWriter(store, { signal }), keys, collected)) }
  } catch (error) {
    // A disk that is full needs its room back; what is stopped or killed is cleared at the next opening.
    if (!signal.aborted) await store.clear(keys.range).catch(() => {})
    throw error
  }
}

async function writeBase(
  writer: BatchWriter,
  keys: BaseKeys,
  collected: CollectedDocuments,
): Promise<Omit<BaseSize, 'generation'>> {
  const slots = collected.slotsByPopularity()
  const written = await writeDocuments(writer, keys, collected, slots)
  const terms = await writeTerms(writer, keys, collected, slots)
  await writer.flush()
  return { documents: slots.length, ...terms, ...written }
}

async function collect(documents: AsyncIterable<Document>, signal: AbortSignal): Promise<CollectedDocuments> {
  const collected = new CollectedDocuments()
  for await (const document of documents) {
    collected.add(document)
    if (collected.size % DOCUMENTS_PER_SLICE !== 0) continue
    await otherWork()
    signal.throwIfAborted()
  }
  if (collected.size > MAX_DOCUMENTS) throw new RangeError(`an index holds at most ${MAX_DOCUMENTS} documents`)
  return collected
}

/** Writes the documents in the order of ids, so that those most often shown lie together, then their columns. */
async function writeDocuments(
  writer: BatchWriter,
  keys: BaseKeys,
  collected: CollectedDocuments,
  slots: Uint32Array,
): Promise<Pick<BaseSize, 'nameBytes' | 'odd'>> {
  for (const [id, slot] of slots.entries()) {
    if (writer.add(keys.document(id), collected.rows[slot]!)) await writer.flush()
  }
  const nameBytes = await writeDocumentColumns(writer, keys, collected, slots)
  const odd = Uint32Array.from(slots.keys()).filter(id => collected.odd.at(slots[id]!) === 1)
  const hashOf = (id: number): number => collected.hash.at(slots[id]!)
  odd.sort((a, b) => hashOf(a) - hashOf(b))
  await writeColumn(writer.put, keys.column('oddHash'), Float64Array.from(odd, hashOf))
  await writeColumn(writer.put, keys.column('oddId'), odd)
  await writer.put(keys.labels, encodeJson(collected.labels))
  return { nameBytes, odd: odd.length }
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
    const place = to - from === 1 ? ids[from]! * 256 + impacts[from]! : pages.place(ids, impacts, from, to)
    const text = Buffer.from(term)
    texts.push(text)
    columns.termLengths[at] = text.length
    columns.termDf[at] = to - from
    columns.termPlace[at] = place
    columns.termPopularity[at] = collected.popularity.at(slots[ids[from]!]!)
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
  termPlace: new Uint32Array(terms),
  termPopularity: new Uint8Array(terms),
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
  const { types, publishers, licenses } = collected.labels
  const numbers = (column: { at(slot: number): number }, { length }: readonly string[]) =>
    narrowColumn(
      length,
      Array.from(slots, slot => column.at(slot)),
    )
  const columns: Partial<Record<ColumnName, Parameters<typeof writeColumn>[2]>> = {
    nameBytes,
    nameLengths: Uint16Array.from(names, name => name.length),
    nameSorted: byName,
    popularity: Uint8Array.from(slots, slot => collected.popularity.at(slot)),
    released: Uint16Array.from(slots, slot => collected.released.at(slot)),
    quality: Uint8Array.from(slots, slot => collected.quality.at(slot)),
    public: Uint8Array.from(slots, slot => collected.isPublic.at(slot)),
    type: numbers(collected.type, types),
    publisher: numbers(collected.publisher, publishers),
    license: numbers(collected.license, licenses),
  }
  for (const [name, column] of Object.entries(columns)) {
    await writeColumn(writer.put, keys.column(name as ColumnName), column)
    await otherWork()
  }
  return nameBytes.length
}
