import { crc32 } from 'node:zlib'

/** One operation of the caller's batch; add `sublevel` when the batch is written to the parent database. */
export type SearchBatchOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

interface KeyRange {
  readonly gte: string
  readonly lt: string
}

/** What the index needs of LevelDB: `db.sublevel<string, Uint8Array>('search', { valueEncoding: 'view' })` fits, opened. */
export interface SearchStore {
  getSync(key: string): Uint8Array | undefined
  batch(operations: SearchBatchOperation[], options: { sync?: boolean }): Promise<void>
  iterator(range: KeyRange): AsyncIterable<[string, Uint8Array]>
  clear(range: KeyRange): Promise<void>
}

const CHECKSUM_BYTES = 4

/** A value with its CRC-32 in front: LevelDB as built here has no checksums. */
export function withChecksum(value: Uint8Array): Uint8Array {
  const stored = new Uint8Array(CHECKSUM_BYTES + value.byteLength)
  new DataView(stored.buffer).setUint32(0, crc32(value), true)
  stored.set(value, CHECKSUM_BYTES)
  return stored
}

/** The value that was stored, in the memory that was read; null when it is absent or damaged. */
export function checkedValue(stored: Uint8Array | undefined): Uint8Array | null {
  if (stored === undefined || stored.byteLength < CHECKSUM_BYTES) return null
  const value = stored.subarray(CHECKSUM_BYTES)
  const expected = (stored[0]! | (stored[1]! << 8) | (stored[2]! << 16) | (stored[3]! << 24)) >>> 0
  return crc32(value) === expected ? value : null
}

/** Stored form of a JSON value. */
export const encodeJson = (value: unknown): Uint8Array => withChecksum(Buffer.from(JSON.stringify(value)))

/** The JSON value that was stored, or null. */
export function parseStoredJson(stored: Uint8Array | undefined): unknown {
  const value = checkedValue(stored)
  if (value === null) return null
  return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8'))
}
