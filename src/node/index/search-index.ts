import { buildBase } from './base-builder.ts'
import {
  BASES_RANGE,
  baseKeysOf,
  LOG_RANGE,
  type LogEntry,
  logKeyOf,
  logNumberOf,
  META_KEY,
  type Meta,
} from './base-layout.ts'
import { BaseSegment } from './base-segment.ts'
import { DeltaSegment } from './delta-segment.ts'
import type { Document, Hit, IndexStats, SearchQuery } from './document.ts'
import { groupsOf } from './expand.ts'
import { compileFilter } from './filter.ts'
import {
  MAX_HITS,
  MAX_QUERY_CHARS,
  MAX_REFUSED,
  MAX_REFUSED_OF_ONE,
  MERGE_AT_DOCUMENTS,
  RERANK_DEPTH,
} from './limits.ts'
import { type Ranked, rerank } from './rerank.ts'
import { type Scored, Scorer } from './scorer.ts'
import { encodeJson, parseStoredJson, type SearchBatchOperation, type SearchStore } from './search-store.ts'
import { queryTokensOf, squashedOf, TOKENISER_VERSION } from './tokenise.ts'

export interface SearchIndexOptions {
  /** Changes since the last merge that start one; default 4,096. */
  readonly mergeAt?: number
  /** Told when a merge in the background failed; everything stays findable and the next change tries again. */
  readonly onMergeFailed?: (error: unknown) => void
}

/** The local search engine: what the rest of the node sees of it. */
export interface SearchIndex extends AsyncDisposable {
  /** Makes the document findable at once; the operations belong into the batch that stores its record. */
  upsert(document: Document): SearchBatchOperation[]
  /** Hides the document at once; an unknown key is fine. */
  remove(key: string): SearchBatchOperation[]
  /** Best hits first; any text is allowed, what has no words finds nothing. */
  search(query: SearchQuery): Hit[]
  lookup(key: string): Document | null
  stats(): IndexStats
  /** Replaces the index by these documents; changes made meanwhile stay. */
  rebuild(documents: AsyncIterable<Document>): Promise<void>
  /** Moves the changes in memory into the base. */
  merge(): Promise<void>
}

const EMPTY: Meta = { tokeniser: TOKENISER_VERSION, generation: 0, mergedThrough: 0, documents: 0, dictionaryPages: 0 }

/** Opens the index in its own sublevel of LevelDB, which it then owns. */
export async function openSearchIndex(store: SearchStore, options: SearchIndexOptions = {}): Promise<SearchIndex> {
  const stored = store.getSync(META_KEY)
  const meta = parseStoredJson(stored) as Meta | null
  const index = new LevelSearchIndex(store, meta ?? EMPTY, stored !== undefined && meta === null, options)
  for await (const [key, value] of store.iterator(LOG_RANGE)) index.replay(logNumberOf(key), value)
  await index.dropOldBases()
  return index
}

interface Pending {
  readonly number: number
  readonly entry: LogEntry
}

class LevelSearchIndex implements SearchIndex {
  readonly #store: SearchStore
  readonly #mergeAt: number
  readonly #onMergeFailed: (error: unknown) => void
  readonly #scorer = new Scorer()
  #meta: Meta
  #base: BaseSegment
  #delta = new DeltaSegment()
  /** The last change of each key since the merge. */
  #pending = new Map<string, Pending>()
  #lastNumber: number
  #work: Promise<void> = Promise.resolve()
  #merging = false
  #damaged: boolean

  constructor(store: SearchStore, meta: Meta, damaged: boolean, options: SearchIndexOptions) {
    this.#store = store
    this.#meta = meta
    this.#damaged = damaged
    this.#base = new BaseSegment(store, meta)
    this.#lastNumber = meta.mergedThrough
    this.#mergeAt = options.mergeAt ?? MERGE_AT_DOCUMENTS
    this.#onMergeFailed = options.onMergeFailed ?? (() => {})
  }

  upsert(document: Document): SearchBatchOperation[] {
    return this.#log({ upsert: document })
  }

  remove(key: string): SearchBatchOperation[] {
    return this.lookup(key) === null ? [] : this.#log({ remove: key })
  }

  lookup(key: string): Document | null {
    return this.#delta.lookup(key) ?? this.#base.lookup(key)
  }

  search(query: SearchQuery): Hit[] {
    const limit = Math.min(Math.max(1, Math.trunc(query.limit) || 1), MAX_HITS)
    const text = query.text.slice(0, MAX_QUERY_CHARS)
    const tokens = queryTokensOf(text)
    if (tokens.length === 0) return []
    const segments = [this.#base, this.#delta]
    const groups = groupsOf(tokens, squashedOf(text), segments)
    const found = shownOf(this.#scorer.best(groups, segments, query), query, Math.max(limit, RERANK_DEPTH))
    const ranked = [...rerank(text, found.slice(0, RERANK_DEPTH)), ...found.slice(RERANK_DEPTH)].slice(0, limit)
    return ranked
  }

  stats(): IndexStats {
    return {
      documents: this.#base.live + this.#delta.live,
      terms: this.#base.terms,
      pending: this.#pending.size,
      needsRebuild: this.#damaged || this.#base.damaged || this.#meta.tokeniser !== TOKENISER_VERSION,
    }
  }

  rebuild(documents: AsyncIterable<Document>): Promise<void> {
    return this.#enqueue(() => this.#replaceBase(documents, this.#lastNumber))
  }

  merge(): Promise<void> {
    return this.#enqueue(async () => {
      const unreadable = this.#damaged || this.#base.damaged || this.#meta.tokeniser !== TOKENISER_VERSION
      if (this.#pending.size === 0 || unreadable) return
      const changed = [...this.#pending.values()].flatMap(({ entry }) => ('upsert' in entry ? [entry.upsert] : []))
      await this.#replaceBase(inOrder(this.#base.documents(), changed), this.#lastNumber)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#work
  }

  /** Takes one stored change back into memory at opening. */
  replay(number: number, value: Uint8Array): void {
    this.#lastNumber = Math.max(this.#lastNumber, number)
    if (number <= this.#meta.mergedThrough) return
    const entry = parseStoredJson(value) as LogEntry | null
    if (entry === null) this.#damaged = true
    else this.#apply({ number, entry })
  }

  /** Removes what a merge left behind that did not end, or whose clean-up did not. */
  async dropOldBases(): Promise<void> {
    const { range } = baseKeysOf(this.#meta.generation)
    await this.#store.clear({ gte: BASES_RANGE.gte, lt: range.gte })
    await this.#store.clear({ gte: range.lt, lt: BASES_RANGE.lt })
    await this.#store.clear({ gte: LOG_RANGE.gte, lt: logKeyOf(this.#meta.mergedThrough + 1) })
  }

  #log(entry: LogEntry): SearchBatchOperation[] {
    const number = ++this.#lastNumber
    this.#apply({ number, entry })
    if (number - this.#meta.mergedThrough >= this.#mergeAt && !this.#merging) {
      this.#merging = true
      this.merge()
        .catch(this.#onMergeFailed)
        .finally(() => {
          this.#merging = false
        })
    }
    return [{ type: 'put', key: logKeyOf(number), value: encodeJson(entry) }]
  }

  #apply(pending: Pending): void {
    const { entry } = pending
    const key = 'upsert' in entry ? entry.upsert.key : entry.remove
    this.#pending.delete(key)
    this.#pending.set(key, pending)
    this.#base.hide(key)
    if ('upsert' in entry) this.#delta.upsert(entry.upsert)
    else this.#delta.remove(key)
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const result = this.#work.then(work)
    this.#work = result.catch(() => {})
    return result
  }

  /** Writes the new base aside, makes it count with one synced write, then replays what came meanwhile. */
  async #replaceBase(documents: AsyncIterable<Document>, mergedThrough: number): Promise<void> {
    const built = await buildBase(this.#store, this.#meta.generation + 1, documents)
    const meta: Meta = { ...built, mergedThrough }
    await this.#store.batch([{ type: 'put', key: META_KEY, value: encodeJson(meta) }], { sync: true })
    const later = [...this.#pending.values()].filter(({ number }) => number > mergedThrough)
    this.#meta = meta
    this.#base = new BaseSegment(this.#store, meta)
    this.#delta = new DeltaSegment()
    this.#pending = new Map()
    this.#damaged = false
    for (const pending of later) this.#apply(pending)
    await this.dropOldBases()
  }
}

/** The `limit` best documents that may be shown, as they are to be shown. */
function shownOf(best: Iterable<Scored>, { shownAs, filter }: SearchQuery, limit: number): Ranked[] {
  const fits = compileFilter(filter ?? {})
  const hits: Ranked[] = []
  const refused = new Map<string, number>()
  let refusals = 0
  for (const { segment, id, score } of best) {
    const publisher = segment.publisherOf(id)
    const inVain = refused.get(publisher) ?? 0
    const stored = inVain < MAX_REFUSED_OF_ONE ? segment.documentOf(id) : null
    if (stored === null) continue
    const shown = shownAs === undefined ? stored : shownAs(stored)
    const document = shown !== null && fits(shown) ? shown : null
    if (document === null) {
      refused.set(publisher, inVain + 1)
      if (++refusals >= MAX_REFUSED) break
    } else if (hits.push({ document, score }) >= limit) break
  }
  return hits
}

async function* inOrder(...parts: readonly Iterable<Document>[]): AsyncGenerator<Document> {
  for (const part of parts) yield* part
}
