import { type BaseSize, baseKeysOf, type ColumnName, type Labels } from './base-layout.ts'
import { readColumn } from './columns.ts'
import { parseStoredJson, type SearchStore } from './search-store.ts'
import type { TermColumns } from './terms.ts'

/** All of a base that is kept in memory: plain columns, which a worker can hand over without a copy. */
export interface BaseData {
  readonly size: BaseSize
  readonly labels: Labels
  readonly terms: TermColumns
  readonly nameBytes: Uint8Array
  readonly nameLengths: Uint16Array
  readonly nameSorted: Uint32Array
  readonly keyHash: Float64Array
  readonly keyId: Uint32Array
  readonly popularity: Uint8Array
  readonly released: Uint16Array
  readonly quality: Uint8Array
  readonly public: Uint8Array
  readonly type: Uint32Array
  readonly publisher: Uint32Array
  readonly license: Uint32Array
  readonly slot: Uint32Array
  /** Whether a stored value did not have its checksum. */
  readonly damaged: boolean
}

/** Reads what a base keeps in memory; columns that are damaged are empty. */
export function readBase(store: Pick<SearchStore, 'getSync'>, size: BaseSize): BaseData {
  const keys = baseKeysOf(size.generation)
  const { documents, terms, termBytes, nameBytes } = size
  let damaged = false
  const bytes = (name: ColumnName, byteLength: number): Uint8Array<ArrayBuffer> => {
    const column = readColumn(store, keys.column(name), byteLength)
    if (column === null) damaged = true
    return column ?? new Uint8Array(byteLength)
  }
  const halves = (name: ColumnName, count: number) => new Uint16Array(bytes(name, count * 2).buffer)
  const words = (name: ColumnName, count: number) => new Uint32Array(bytes(name, count * 4).buffer)
  const labels = documents === 0 ? NO_LABELS : (parseStoredJson(store.getSync(keys.labels)) as Labels | null)
  if (labels === null) damaged = true
  const columns = {
    terms: {
      bytes: bytes('termBytes', termBytes),
      lengths: bytes('termLengths', terms),
      df: words('termDf', terms),
      page: words('termPage', terms),
      offset: halves('termOffset', terms),
      best: words('termBest', terms),
    },
    nameBytes: bytes('nameBytes', nameBytes),
    nameLengths: halves('nameLengths', documents),
    nameSorted: words('nameSorted', documents),
    keyHash: new Float64Array(bytes('keyHash', documents * 8).buffer),
    keyId: words('keyId', documents),
    popularity: bytes('popularity', documents),
    released: halves('released', documents),
    quality: bytes('quality', documents),
    public: bytes('public', documents),
    type: words('type', documents),
    publisher: words('publisher', documents),
    license: words('license', documents),
    slot: words('slot', documents),
  }
  return { size, labels: labels ?? NO_LABELS, ...columns, damaged }
}

const NO_LABELS: Labels = { types: [], publishers: [], licenses: [] }
