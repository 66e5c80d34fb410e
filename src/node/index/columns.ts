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
