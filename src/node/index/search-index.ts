import { buildBase } from './base-builder.ts'
import { type BaseData, readBase } from './base-data.ts'
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
import { findHits } from './find-hits.ts'
import { DamagedIndexError, mergeBase, type RunMerge } from './merge-base.ts'
import { changesToMerge } from './merge-due.ts'
import { Scorer } from './scorer.ts'
import { encodeJson, parseStoredJson, type SearchBatchOperation, type SearchStore } from './search-store.ts'
import { TOKENISER_VERSION } from './tokenise.ts'

export interface SearchIndexOptions {
  /** Changes since the last merge that start one; default 512 to 16,384, by the size of the base. */
  readonly mergeAt?: number
  /** Carries merges out; default: in this thread, between other work. */
  readonly runMerge?: RunMerge
  /** Told when a merge in the background failed; everything stays findable, and it is tried again after as many changes. */
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
  /** Replaces the index by these documents; changes made after the call stay. */
  rebuild(documents: AsyncIterable<Document>): Promise<void>
  /** Moves the changes in memory into the base. */
  merge(): Promise<void>
}

const NOTHING = { generation: 0, documents: 0, terms: 0, termBytes: 0, nameBytes: 0, odd: 0 }
const EMPTY: Meta = { tokeniser: TOKENISER_VERSION, mergedThrough: 0, ...NOTHING }

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
  readonly #mergeAt: number | null
  readonly #runMerge: RunMerge
  readonly #onMergeFailed: (error: unknown) => void
  readonly #scorer = new Scorer()
  readonly #closing = new AbortController()
  #meta: Meta
  #base: BaseSegment
  #delta = new DeltaSegment()
  /** The last change of each key since the merge. */
  #pending = new Map<string, Pending>()
  #lastNumber: number
  /** A number is used once, whether its base came to count or not. */
  #lastGeneration: number
  #work: Promise<void> = Promise.resolve()
  #merging = false
  /** Rebuilds that wait or run: no merge may take in what changes after their documents were read. */
  #rebuilds = 0
  /** The change after which those that start a merge are counted. */
  #mergeAfter: number
  #damaged: boolean

  constructor(store: SearchStore, meta: Meta, damaged: boolean, options: SearchIndexOptions) {
    this.#store = store
    this.#meta = meta
    this.#damaged = damaged
    // The columns of another version may be others.
    this.#base = new BaseSegment(store, readBase(store, meta.tokeniser === TOKENISER_VERSION ? meta : NOTHING))
    this.#lastNumber = meta.mergedThrough
    this.#mergeAfter = meta.mergedThrough
    this.#lastGeneration = meta.generation
    this.#mergeAt = options.mergeAt ?? null
    this.#runMerge = options.runMerge ?? ((job, { signal }) => mergeBase(store, job, { signal }))
    this.#onMergeFailed = options.onMergeFailed ?? (() => {})
  }

  upsert(document: Document): SearchBatchOperation[] {
    return this.#log({ upsert: document })
  }

  remove(key: string): SearchBatchOperation[] {
    // A rebuild may have read the document already, although the index does not know it yet.
    return this.#rebuilds === 0 && this.lookup(key) === null ? [] : this.#log({ remove: key })
  }

  lookup(key: string): Document | null {
    return this.#delta.lookup(key) ?? this.#base.lookup(key)
  }

  search(query: SearchQuery): Hit[] {
    return findHits(query, [this.#base, this.#delta], this.#scorer)
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
    this.#rebuilds++
    // The documents may be older than the moment when the rebuild has its turn.
    const mergedThrough = this.#lastNumber
    return this.#enqueue(async signal => {
      try {
        const size = await buildBase(this.#store, ++this.#lastGeneration, documents, { signal })
        await this.#replaceBase(readBase(this.#store, size), mergedThrough)
      } finally {
        this.#rebuilds--
      }
    })
  }

  merge(): Promise<void> {
    return this.#enqueue(async signal => {
      if (this.#pending.size === 0 || this.#rebuilds > 0 || this.stats().needsRebuild) return
      const mergedThrough = this.#lastNumber
      const changed = [...this.#pending.values()].flatMap(({ entry }) => ('upsert' in entry ? [entry.upsert] : []))
      const job = { from: this.#meta, hidden: this.#base.hidden(), changed, generation: ++this.#lastGeneration }
      const merged = await this.#runMerge(job, { signal }).catch(error => {
        this.#damaged ||= error instanceof DamagedIndexError
        throw error
      })
      await this.#replaceBase(merged, mergedThrough)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
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
    if (number - this.#mergeAfter >= (this.#mergeAt ?? changesToMerge(this.#base.size)) && !this.#merging) {
      this.#merging = true
      this.merge()
        .catch(error => {
          // What failed now would fail at each change: the next try waits for as many changes again.
          this.#mergeAfter = this.#lastNumber
          if (!this.#closing.signal.aborted) this.#onMergeFailed(error)
        })
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

  /** One after the other; what has not begun when the index is closed is left for the next start. */
  #enqueue(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const { signal } = this.#closing
    const result = this.#work.then(() => (signal.aborted ? undefined : work(signal)))
    this.#work = result.catch(() => {})
    return result
  }

  /** Makes a base that is written count, with one synced write, then replays what came meanwhile. */
  async #replaceBase(base: BaseData, mergedThrough: number): Promise<void> {
    const meta: Meta = { tokeniser: TOKENISER_VERSION, mergedThrough, ...base.size }
    await this.#store.batch([{ type: 'put', key: META_KEY, value: encodeJson(meta) }], { sync: true })
    const later = [...this.#pending.values()].filter(({ number }) => number > mergedThrough)
    this.#meta = meta
    this.#mergeAfter = mergedThrough
    this.#base = new BaseSegment(this.#store, base)
    this.#delta = new DeltaSegment()
    this.#pending = new Map()
    this.#damaged = false
    for (const pending of later) this.#apply(pending)
    await this.dropOldBases()
  }
}
