import { setImmediate as otherWork } from 'node:timers/promises'
import { baseKeysOf, type Meta } from './base-layout.ts'
import { type DictionaryEntry, encodeDictionaryPage } from './dictionary.ts'
import type { Document } from './document.ts'
import { impactsOf, popularityByteOf } from './impact.ts'
import { BATCH_OPERATIONS, DICTIONARY_PAGE_TERMS, DOCUMENTS_PER_SLICE, PAGE_BYTES } from './limits.ts'
import { encodePostingBlocks, type Postings } from './posting-blocks.ts'
import { encodeJson, type SearchBatchOperation, type SearchStore, withChecksum } from './search-store.ts'
import { TOKENISER_VERSION } from './tokenise.ts'

interface Arrival {
  readonly key: string
  readonly popularity: number
  readonly type: string
  readonly publisher: string
  readonly isPublic: boolean
}

/**
 * Writes one base: document ids in descending popularity, postings in pages, then dictionary and columns.
 * Nothing counts until the caller stores the answered meta; it lets other work run between slices.
 */
export async function buildBase(
  store: SearchStore,
  generation: number,
  documents: AsyncIterable<Document>,
): Promise<Omit<Meta, 'mergedThrough'>> {
  const writer = new BatchWriter(store)
  const keys = baseKeysOf(generation)
  await store.clear(keys.range)
  const { arrivals, postings } = await readDocuments(documents, writer, keys)
  const slots = slotsByPopularity(arrivals)
  const entries = await writePages(writer, keys, postings, slots)
  const dictionaryPages = await writeDictionary(writer, keys, entries)
  await writeColumns(writer, keys, arrivals, slots)
  await writer.flush()
  return { tokeniser: TOKENISER_VERSION, generation, documents: slots.length, dictionaryPages }
}

type Keys = ReturnType<typeof baseKeysOf>
/** Per term the arrival slot and impact of each posting, as `slot * 256 + impact`. */
type RawPostings = Map<string, number[]>

/** A later document of the same key takes the place of the earlier. */
async function readDocuments(documents: AsyncIterable<Document>, writer: BatchWriter, keys: Keys) {
  const arrivals: Arrival[] = []
  const slotOf = new Map<string, number>()
  const postings: RawPostings = new Map()
  for await (const document of documents) {
    const { key, popularity, type, publisher, isPublic } = document
    const slot = arrivals.length
    slotOf.set(key, slot)
    arrivals.push({ key, popularity, type, publisher, isPublic })
    for (const [term, impact] of impactsOf(document)) {
      const list = postings.get(term)
      if (list) list.push(slot * 256 + impact)
      else postings.set(term, [slot * 256 + impact])
    }
    await writer.put(keys.document(slot), encodeJson(document))
    if (slot % DOCUMENTS_PER_SLICE === 0) await otherWork()
  }
  return { arrivals: arrivals.map((arrival, slot) => (slotOf.get(arrival.key) === slot ? arrival : null)), postings }
}

type Arrivals = readonly (Arrival | null)[]

/** Slot of each document id: by popularity, then by key, so that the arrival order leaves no trace. */
function slotsByPopularity(arrivals: Arrivals): number[] {
  const compare = (a: number, b: number): number => {
    const [left, right] = [arrivals[a]!, arrivals[b]!]
    return right.popularity - left.popularity || (left.key < right.key ? -1 : 1)
  }
  return arrivals.flatMap((arrival, slot) => (arrival === null ? [] : [slot])).sort(compare)
}

async function writePages(writer: BatchWriter, keys: Keys, raw: RawPostings, slots: readonly number[]) {
  const idOf = new Int32Array(slots.reduce((highest, slot) => Math.max(highest, slot), -1) + 1).fill(-1)
  for (const [id, slot] of slots.entries()) idOf[slot] = id
  const entries: DictionaryEntry[] = []
  const page = new PageWriter(writer, keys)
  let done = 0
  for (const term of sortedTerms(raw.keys())) {
    const postings = postingsOf(raw.get(term)!, idOf)
    if (postings.ids.length > 0) entries.push(await writeTerm(page, term, postings))
    if (++done % 1024 === 0) await otherWork()
  }
  await page.close()
  return entries
}

function postingsOf(raw: readonly number[], idOf: Int32Array): Postings {
  const packed = raw
    .map(value => (idOf[Math.floor(value / 256)] ?? -1) * 256 + (value % 256))
    .filter(value => value >= 0)
    .sort((a, b) => a - b)
  return { ids: packed.map(value => Math.floor(value / 256)), impacts: packed.map(value => value % 256) }
}

async function writeTerm(page: PageWriter, term: string, postings: Postings): Promise<DictionaryEntry> {
  const [best, df] = [postings.ids[0]!, postings.ids.length]
  if (df === 1) return { term, df, page: best, offset: postings.impacts[0]!, best }
  const start = await page.append(encodePostingBlocks(postings))
  return { term, df, ...start, best }
}

function sortedTerms(terms: Iterable<string>): string[] {
  return [...terms]
    .map(term => ({ term, bytes: Buffer.from(term) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ term }) => term)
}

async function writeDictionary(writer: BatchWriter, keys: Keys, entries: readonly DictionaryEntry[]): Promise<number> {
  let pages = 0
  for (let from = 0; from < entries.length; from += DICTIONARY_PAGE_TERMS) {
    const page = encodeDictionaryPage(entries.slice(from, from + DICTIONARY_PAGE_TERMS))
    await writer.put(keys.dictionary(pages++), withChecksum(page))
    await otherWork()
  }
  return pages
}

async function writeColumns(writer: BatchWriter, keys: Keys, arrivals: Arrivals, slots: readonly number[]) {
  const [types, publishers] = [new Map<string, number>(), new Map<string, number>()]
  const numberOf = (names: Map<string, number>, name: string): number => {
    if (!names.has(name)) names.set(name, names.size)
    return names.get(name)!
  }
  const popularity = Uint8Array.from(slots, slot => popularityByteOf(arrivals[slot]!.popularity))
  const type = Uint16Array.from(slots, slot => numberOf(types, arrivals[slot]!.type))
  const publisher = Uint32Array.from(slots, slot => numberOf(publishers, arrivals[slot]!.publisher))
  await writer.put(keys.column('popularity'), withChecksum(popularity))
  await writer.put(keys.column('type'), withChecksum(new Uint8Array(type.buffer)))
  await writer.put(keys.column('publisher'), withChecksum(new Uint8Array(publisher.buffer)))
  const open = Uint8Array.from(slots, slot => (arrivals[slot]!.isPublic ? 1 : 0))
  await writer.put(keys.column('public'), withChecksum(open))
  await writer.put(keys.column('slot'), withChecksum(new Uint8Array(Uint32Array.from(slots).buffer)))
  await writer.put(keys.column('names'), encodeJson({ types: [...types.keys()], publishers: [...publishers.keys()] }))
  for (const [id, slot] of slots.entries()) {
    await writer.put(keys.id(arrivals[slot]!.key), withChecksum(new Uint8Array(Uint32Array.of(id).buffer)))
  }
}

/** Fills pages with blocks; a block never straddles two pages, a term's blocks follow each other. */
class PageWriter {
  readonly #writer: BatchWriter
  readonly #keys: Keys
  #blocks: Uint8Array[] = []
  #bytes = 0
  #page = 0

  constructor(writer: BatchWriter, keys: Keys) {
    this.#writer = writer
    this.#keys = keys
  }

  async append(blocks: readonly Uint8Array[]): Promise<{ page: number; offset: number }> {
    const start = { page: this.#page, offset: this.#bytes }
    for (const block of blocks) {
      this.#blocks.push(block)
      this.#bytes += block.length
      if (this.#bytes >= PAGE_BYTES) await this.close()
    }
    return start
  }

  async close(): Promise<void> {
    if (this.#bytes === 0) return
    await this.#writer.put(this.#keys.page(this.#page++), withChecksum(Buffer.concat(this.#blocks)))
    this.#blocks = []
    this.#bytes = 0
  }
}

class BatchWriter {
  readonly #store: SearchStore
  #operations: SearchBatchOperation[] = []

  constructor(store: SearchStore) {
    this.#store = store
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    this.#operations.push({ type: 'put', key, value })
    if (this.#operations.length >= BATCH_OPERATIONS) await this.flush()
  }

  async flush(): Promise<void> {
    const operations = this.#operations
    this.#operations = []
    if (operations.length > 0) await this.#store.batch(operations, {})
  }
}
