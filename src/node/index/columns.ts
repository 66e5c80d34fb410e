import { COLUMN_PAGE_BYTES } from './limits.ts'
import { checkedValue, type SearchStore, withChecksum } from './search-store.ts'

/** Bytes of one value per document or term, kept in pages that end where the column ends. */
export async function writeColumn(
  put: (key: string, value: Uint8Array) => Promise<void>,
  keyOf: (page: number) => string,
  column: Uint8Array | Uint16Array | Uint32Array | Float64Array,
): Promise<void> {
  const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength)
  for (let page = 0; page * COLUMN_PAGE_BYTES < bytes.length; page++) {
    const from = page * COLUMN_PAGE_BYTES
    await put(keyOf(page), withChecksum(bytes.subarray(from, from + COLUMN_PAGE_BYTES)))
  }
}

/** Reads `byteLength` bytes of a column, or null when a page is absent, damaged or of another length. */
export function readColumn(
  store: Pick<SearchStore, 'getSync'>,
  keyOf: (page: number) => string,
  byteLength: number,
): Uint8Array<ArrayBuffer> | null {
  const bytes = new Uint8Array(byteLength)
  for (let from = 0; from < byteLength; from += COLUMN_PAGE_BYTES) {
    const page = checkedValue(store.getSync(keyOf(from / COLUMN_PAGE_BYTES)))
    if (page?.length !== Math.min(COLUMN_PAGE_BYTES, byteLength - from)) return null
    bytes.set(page, from)
  }
  return bytes
}

/** Columns of numbers, by the bytes of one. */
export type NumberColumn = Uint8Array | Uint16Array | Uint32Array

/** Numbers below `bound` in as few bytes each as hold them. */
export function narrowColumn(bound: number, values: ArrayLike<number>): NumberColumn {
  if (bound <= 1 << 8) return Uint8Array.from(values)
  return bound <= 1 << 16 ? Uint16Array.from(values) : Uint32Array.from(values)
}

/** The narrow column of these bytes. */
export function narrowColumnOf(bound: number, bytes: Uint8Array<ArrayBuffer>): NumberColumn {
  if (bound <= 1 << 8) return bytes
  return bound <= 1 << 16 ? new Uint16Array(bytes.buffer) : new Uint32Array(bytes.buffer)
}

/** Bytes of one number of a narrow column. */
export const narrowWidthOf = (bound: number): number => (bound <= 1 << 8 ? 1 : bound <= 1 << 16 ? 2 : 4)
