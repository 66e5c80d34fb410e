import { type BaseData, storedDocumentOf } from './base-data.ts'
import { baseKeysOf } from './base-layout.ts'
import type { Document } from './document.ts'
import type { Effort } from './effort.ts'
import { namesLicense } from './filter.ts'
import { keyHashOf } from './key-hash.ts'
import { LabelNumbers } from './label-numbers.ts'
import { Names } from './names.ts'
import { BlockReader } from './posting-blocks.ts'
import { checkedValue, type SearchStore } from './search-store.ts'
import type { Candidate, Filter, PostingVisitor, Segment } from './segment.ts'
import { usualNameOf } from './stored-document.ts'
import { type NearTerm, PLACE_BYTES, Terms } from './terms.ts'

/** The merged documents: terms, names and columns in memory, postings and documents on disk. */
export class BaseSegment implements Segment {
  readonly size: number
  readonly #store: SearchStore
  readonly #keys: ReturnType<typeof baseKeysOf>
  readonly #data: BaseData
  readonly #terms: Terms
  readonly #names: Names
  /** 1 for an id whose key does not tell its name. */
  readonly #odd: Uint8Array
  readonly #types: LabelNumbers
  readonly #publishers: LabelNumbers
  readonly #licenses: LabelNumbers
  readonly #reader = new BlockReader()
  /** 1 for an id that the delta replaced or removed. */
  readonly #dead: Uint8Array
  #deadCount = 0
  /** Set when a stored value did not have its checksum. */
  damaged: boolean

  constructor(store: SearchStore, data: BaseData) {
    this.#store = store
    this.#data = data
    this.size = data.size.documents
    this.#keys = baseKeysOf(data.size.generation)
    this.#terms = new Terms(data.terms)
    this.#names = new Names(data.nameBytes, data.nameLengths, data.nameSorted)
    const { types, publishers, licenses } = data.labels
    this.#types = new LabelNumbers(types, (label, wanted) => label === wanted)
    this.#publishers = new LabelNumbers(publishers, (label, wanted) => label === wanted)
    this.#licenses = new LabelNumbers(licenses, (label, wanted) => namesLicense(label, [wanted]))
    this.#odd = new Uint8Array(this.size)
    for (const id of data.oddId) this.#odd[id] = 1
    this.#dead = new Uint8Array(this.size)
    this.damaged = data.damaged
  }

  get live(): number {
    return this.size - this.#deadCount
  }

  get terms(): number {
    return this.#terms.count
  }

  /** Hides the document of this key, if the base has one. */
  hide(key: string): void {
    const id = this.#idOf(key)
    if (id === null) return
    this.#dead[id] = 1
    this.#deadCount++
  }

  lookup(key: string): Document | null {
    const id = this.#idOf(key)
    return id === null ? null : this.documentOf(id)
  }

  dfOf(term: string): number {
    const at = this.#terms.find(Buffer.from(term))
    return at < 0 ? 0 : this.#data.terms.df[at]!
  }

  withPrefix(prefix: string, most: number): Candidate[] {
    return this.#terms.withPrefix(Buffer.from(prefix), most).map(near => this.#candidate(near))
  }

  within(word: string, limit: number, most: number, effort: Effort): Candidate[] {
    return this.#terms.within(Buffer.from(word), limit, most, effort).map(near => this.#candidate(near))
  }

  read(term: string, most: number, visit: PostingVisitor): void {
    const at = this.#terms.find(Buffer.from(term))
    if (at < 0) return
    const { df, place } = this.#data.terms
    const reader = this.#reader
    if (df[at] === 1) {
      reader.ids[0] = place[at]! >>> 8
      reader.impacts[0] = place[at]! & 255
      visit(reader.ids, reader.impacts, 1)
    } else this.#readBlocks(place[at]!, Math.min(df[at]!, most), visit)
  }

  named(prefix: string, most: number, mayShow: (id: number) => boolean): number[] {
    return this.#names.withPrefix(prefix, most, mayShow)
  }

  popularityOf(id: number): number {
    return this.#data.popularity[id]!
  }

  passing({ filter = {}, publicOnly = false, mayShow }: Filter): (id: number) => boolean {
    const { type, publisher, license, public: open } = this.#data
    const types = this.#types.of(filter.types)
    const publishers = this.#publishers.of(filter.publishers)
    const licenses = this.#licenses.of(filter.licenses)
    const mayShowPublisher = mayShow && this.#oncePerPublisher(mayShow)
    return id =>
      this.#dead[id] === 0 &&
      (!publicOnly || open[id] === 1) &&
      (types === null || types.has(type[id]!)) &&
      (publishers === null || publishers.has(publisher[id]!)) &&
      (licenses === null || licenses.has(license[id]!)) &&
      (mayShowPublisher === undefined || mayShowPublisher(publisher[id]!))
  }

  nameOf(id: number): string {
    return this.#names.nameOf(id)
  }

  publisherOf(id: number): string {
    return this.#data.labels.publishers[this.#data.publisher[id]!] ?? ''
  }

  typeOf(id: number): string {
    return this.#data.labels.types[this.#data.type[id]!] ?? ''
  }

  signalsOf(id: number) {
    const { popularity, released, quality } = this.#data
    return { popularity: popularity[id]!, day: released[id]!, quality: quality[id]! }
  }

  documentOf(id: number): Document | null {
    const document = storedDocumentOf(this.#store, this.#data, this.nameOf(id), id)
    if (document === null) this.damaged = true
    return document
  }

  /** Ids that are hidden at the time of the call, 1 each. */
  hidden(): Uint8Array<ArrayBuffer> {
    return this.#dead.slice()
  }

  #readBlocks(place: number, postings: number, visit: PostingVisitor): void {
    const reader = this.#reader
    let page = Math.floor(place / PLACE_BYTES)
    let bytes = this.#page(page)
    let wanted = 0
    reader.start(place % PLACE_BYTES)
    for (let left = postings; left > 0 && wanted < this.size; ) {
      if (bytes !== null && reader.at >= bytes.length) {
        bytes = this.#page(++page)
        reader.at = 0
      }
      if (bytes === null) return
      left -= reader.read(bytes, wanted)
      if (reader.count > 0) wanted = visit(reader.ids, reader.impacts, reader.count)
    }
  }

  #page(page: number): Uint8Array | null {
    const value = checkedValue(this.#store.getSync(this.#keys.page(page)))
    if (value === null) this.damaged = true
    return value
  }

  /** The living document of a key. */
  #idOf(key: string): number | null {
    return this.#usualIdOf(key) ?? this.#oddIdsOf(key).find(id => this.documentOf(id)?.key === key) ?? null
  }

  #usualIdOf(key: string): number | null {
    const usual = usualNameOf(key)
    if (usual === null) return null
    const isMeant = (id: number): boolean =>
      this.#dead[id] === 0 &&
      this.#odd[id] === 0 &&
      this.publisherOf(id) === usual.publisher &&
      this.typeOf(id) === usual.type
    return this.#names.called(usual.name, isMeant)
  }

  /** The living documents that this may be the key of, although it does not tell their names. */
  #oddIdsOf(key: string): number[] {
    const { oddHash, oddId } = this.#data
    if (oddHash.length === 0) return []
    const wanted = keyHashOf(key)
    let [low, high] = [0, oddHash.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (oddHash[middle]! < wanted) low = middle + 1
      else high = middle
    }
    const ids: number[] = []
    for (; oddHash[low] === wanted; low++) ids.push(oddId[low]!)
    return ids.filter(id => this.#dead[id] === 0)
  }

  #oncePerPublisher(mayShow: (publisher: string) => boolean): (number: number) => boolean {
    const answers = new Map<number, boolean>()
    return number => {
      let may = answers.get(number)
      if (may === undefined) {
        may = mayShow(this.#data.labels.publishers[number] ?? '')
        answers.set(number, may)
      }
      return may
    }
  }

  #candidate({ at, distance, popularity }: NearTerm): Candidate {
    return { term: this.#terms.textOf(at), distance, popularity }
  }
}
