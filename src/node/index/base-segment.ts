import { baseKeysOf, type Meta } from './base-layout.ts'
import { type Dictionary, dictionaryOf, type NearTerm } from './dictionary.ts'
import type { Document } from './document.ts'
import { readPostingBlock } from './posting-blocks.ts'
import { checkedValue, parseStoredJson, type SearchStore } from './search-store.ts'
import type { Candidate, Filter, Segment } from './segment.ts'

/** Column names of types and publishers, by number. */
interface Names {
  readonly types: readonly string[]
  readonly publishers: readonly string[]
}

/** The merged documents: dictionary and columns in memory, postings and documents on disk. */
export class BaseSegment implements Segment {
  readonly size: number
  readonly #store: SearchStore
  readonly #keys: ReturnType<typeof baseKeysOf>
  readonly #dictionary: Dictionary
  readonly #popularity: Uint8Array
  readonly #type: Uint16Array
  readonly #publisher: Uint32Array
  readonly #slot: Uint32Array
  /** 1 for a public document. */
  readonly #public: Uint8Array
  readonly #publishers: readonly string[]
  readonly #typeNumber: ReadonlyMap<string, number>
  readonly #publisherNumber: ReadonlyMap<string, number>
  /** Ids that the delta replaced or removed. */
  readonly #dead: Uint8Array
  #deadCount = 0
  /** Set when a stored value did not have its checksum. */
  damaged = false

  constructor(store: SearchStore, meta: Pick<Meta, 'generation' | 'documents' | 'dictionaryPages'>) {
    this.#store = store
    this.size = meta.documents
    this.#keys = baseKeysOf(meta.generation)
    const pages = Array.from({ length: meta.dictionaryPages }, (_, i) => this.#value(this.#keys.dictionary(i)))
    this.#dictionary = dictionaryOf(pages.filter(page => page !== null))
    this.#popularity = this.#column('popularity', 1)
    this.#type = new Uint16Array(this.#column('type', 2).buffer)
    this.#publisher = new Uint32Array(this.#column('publisher', 4).buffer)
    this.#public = this.#column('public', 1)
    this.#slot = new Uint32Array(this.#column('slot', 4).buffer)
    const names = (meta.documents > 0
      ? (parseStoredJson(store.getSync(this.#keys.column('names'))) as Names | null)
      : null) ?? {
      types: [],
      publishers: [],
    }
    this.#publishers = names.publishers
    this.#typeNumber = new Map(names.types.map((name, i) => [name, i]))
    this.#publisherNumber = new Map(names.publishers.map((name, i) => [name, i]))
    this.#dead = new Uint8Array(this.size)
  }

  get live(): number {
    return this.size - this.#deadCount
  }

  get terms(): number {
    return this.#dictionary.count
  }

  /** Hides the document of this key, if the base has one. */
  hide(key: string): void {
    const id = this.#idOf(key)
    if (id === null || this.#dead[id] !== 0) return
    this.#dead[id] = 1
    this.#deadCount++
  }

  lookup(key: string): Document | null {
    const id = this.#idOf(key)
    return id === null || this.#dead[id] !== 0 ? null : this.documentOf(id)
  }

  dfOf(term: string): number {
    return this.#dictionary.entryOf(term)?.df ?? 0
  }

  withPrefix(prefix: string): Candidate[] {
    return this.#dictionary.withPrefix(prefix).map(near => this.#candidate(near))
  }

  within(word: string, limit: number): Candidate[] {
    return this.#dictionary.within(word, limit).map(near => this.#candidate(near))
  }

  read(term: string, limit: number, visit: (id: number, impact: number) => void): void {
    const entry = this.#dictionary.entryOf(term)
    if (entry === null) return
    if (entry.df === 1) {
      visit(entry.page, entry.offset)
      return
    }
    let { page, offset } = entry
    let bytes = this.#value(this.#keys.page(page))
    let previousId = -1
    for (let left = Math.min(entry.df, limit); left > 0; ) {
      if (bytes !== null && offset >= bytes.length) {
        bytes = this.#value(this.#keys.page(++page))
        offset = 0
      }
      if (bytes === null) return
      const block = readPostingBlock(bytes, offset, previousId, visit)
      if (block.count === 0) return
      offset = block.next
      previousId = block.lastId
      left -= block.count
    }
  }

  popularityOf(id: number): number {
    return this.#popularity[id] ?? 0
  }

  mayShow(id: number, { filter, publicOnly, mayShow }: Filter): boolean {
    if (this.#dead[id] !== 0 || (publicOnly === true && this.#public[id] !== 1)) return false
    const { types, publishers } = filter ?? {}
    if (types?.length && !types.some(type => this.#type[id] === this.#typeNumber.get(type))) return false
    if (publishers?.length && !publishers.includes(this.publisherOf(id))) return false
    return mayShow?.(this.publisherOf(id)) ?? true
  }

  publisherOf(id: number): string {
    return this.#publishers[this.#publisher[id]!] ?? ''
  }

  documentOf(id: number): Document | null {
    const slot = this.#slot[id]
    if (slot === undefined) return null
    const document = parseStoredJson(this.#store.getSync(this.#keys.document(slot))) as Document | null
    if (document === null) this.damaged = true
    return document
  }

  /** The documents that are not hidden at the time of the call, for the next merge. */
  documents(): Iterable<Document> {
    return this.#documents(this.#dead.slice())
  }

  *#documents(dead: Uint8Array): Iterable<Document> {
    for (let id = 0; id < this.size; id++) {
      const document = dead[id] === 0 ? this.documentOf(id) : null
      if (document !== null) yield document
    }
  }

  #idOf(key: string): number | null {
    const value = this.size === 0 ? null : checkedValue(this.#store.getSync(this.#keys.id(key)))
    return value?.byteLength === 4 ? new Uint32Array(value.buffer)[0]! : null
  }

  #candidate({ term, distance, best }: NearTerm): Candidate {
    return { term, distance, popularity: this.popularityOf(best) }
  }

  #column(name: 'popularity' | 'type' | 'publisher' | 'public' | 'slot', width: number): Uint8Array<ArrayBuffer> {
    const value = this.size === 0 ? new Uint8Array(0) : this.#value(this.#keys.column(name))
    if (value?.byteLength === this.size * width) return new Uint8Array(value)
    this.damaged = true
    return new Uint8Array(this.size * width)
  }

  #value(key: string): Uint8Array | null {
    const value = checkedValue(this.#store.getSync(key))
    if (value === null) this.damaged = true
    return value
  }
}
