import { type BaseSize, baseKeysOf, type ColumnName, type Labels } from './base-layout.ts'
import { type NumberColumn, narrowColumnOf, narrowWidthOf, readColumn } from './columns.ts'
import type { Document } from './document.ts'
import { parseStoredJson, type SearchStore } from './search-store.ts'
import { parseDocument } from './stored-document.ts'
import type { TermColumns } from './terms.ts'

/** All of a base that is kept in memory: plain columns, which a worker can hand over without a copy. */
export interface BaseData {
  readonly size: BaseSize
  readonly labels: Labels
  readonly terms: TermColumns
  readonly nameBytes: Uint8Array
  readonly nameLengths: Uint16Array
  readonly nameSorted: Uint32Array
  /** Key hashes of documents whose key does not tell their name, ascending, and the ids beside them. */
  readonly oddHash: Float64Array
  readonly oddId: Uint32Array
  readonly popularity: Uint8Array
  readonly released: Uint16Array
  readonly quality: Uint8Array
  readonly public: Uint8Array
  /** Numbers of labels. */
  readonly type: NumberColumn
  readonly publisher: NumberColumn
  readonly license: NumberColumn
  /** Whether a stored value did not have its checksum. */
  readonly damaged: boolean
}

/** Reads what a base keeps in memory; columns that are damaged are empty. */
export function readBase(store: Pick<SearchStore, 'getSync'>, size: BaseSize): BaseData {
  const keys = baseKeysOf(size.generation)
  const { documents, terms, termBytes, nameBytes, odd } = size
  let damaged = false
  const bytes = (name: ColumnName, byteLength: number): Uint8Array<ArrayBuffer> => {
    const column = readColumn(store, keys.column(name), byteLength)
    if (column === null) damaged = true
    return column ?? new Uint8Array(byteLength)
  }
  const halves = (name: ColumnName, count: number) => new Uint16Array(bytes(name, count * 2).buffer)
  const words = (name: ColumnName, count: number) => new Uint32Array(bytes(name, count * 4).buffer)
  const stored = documents === 0 ? NO_LABELS : (parseStoredJson(store.getSync(keys.labels)) as Labels | null)
  if (stored === null) damaged = true
  const labels = stored ?? NO_LABELS
  const numbers = (name: ColumnName, { length }: readonly string[]) =>
    narrowColumnOf(length, bytes(name, documents * narrowWidthOf(length)))
  const columns = {
    terms: {
      bytes: bytes('termBytes', termBytes),
      lengths: bytes('termLengths', terms),
      df: words('termDf', terms),
      place: words('termPlace', terms),
      popularity: bytes('termPopularity', terms),
    },
    nameBytes: bytes('nameBytes', nameBytes),
    nameLengths: halves('nameLengths', documents),
    nameSorted: words('nameSorted', documents),
    oddHash: new Float64Array(bytes('oddHash', odd * 8).buffer),
    oddId: words('oddId', odd),
    popularity: bytes('popularity', documents),
    released: halves('released', documents),
    quality: bytes('quality', documents),
    public: bytes('public', documents),
    type: numbers('type', labels.types),
    publisher: numbers('publisher', labels.publishers),
    license: numbers('license', labels.licenses),
  }
  return { size, labels, ...columns, damaged }
}

const NO_LABELS: Labels = { types: [], publishers: [], licenses: [] }

/** The document of an id, which is called `name`; null when it is absent or damaged. */
export function storedDocumentOf(
  store: Pick<SearchStore, 'getSync'>,
  { size, labels, type, publisher, license, public: open }: BaseData,
  name: string,
  id: number,
): Document | null {
  return parseDocument(store.getSync(baseKeysOf(size.generation).document(id)), {
    name,
    type: labels.types[type[id]!] ?? '',
    publisher: labels.publishers[publisher[id]!] ?? '',
    license: labels.licenses[license[id]!] ?? '',
    isPublic: open[id] === 1,
  })
}
