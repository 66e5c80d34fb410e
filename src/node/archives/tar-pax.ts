import { Refusal, refuse } from './refusal.ts'
import type { TarHeader } from './tar-header.ts'

/** The three fields a PAX header may set; DESIGN section 8. */
export interface PaxFields {
  readonly path?: Uint8Array
  readonly size?: number
  readonly mtime?: number
}

/** Reads `LENGTH KEY=VALUE\n` records (POSIX.1-2024 pax, "pax Header Block"); refuses E_ARCHIVE_PAX. */
export function parsePax(bytes: Uint8Array): PaxFields {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const fields = new Map<string, Buffer>()
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at)
    const digits = data.toString('latin1', at, space < 0 ? at : Math.min(space, at + 8))
    const end = at + Number(digits)
    if (!/^[1-9][0-9]{0,5}$/.test(digits) || end > data.length || data[end - 1] !== 0x0a)
      refuse('E_ARCHIVE_PAX', 'a PAX record has a wrong length')
    const equals = data.indexOf(0x3d, space)
    if (equals < 0 || equals >= end) refuse('E_ARCHIVE_PAX', 'a PAX record has no value')
    const key = data.toString('latin1', space + 1, equals)
    if (fields.has(key)) refuse('E_ARCHIVE_PAX', 'a PAX key is there twice')
    fields.set(key, data.subarray(equals + 1, end - 1))
    at = end
  }
  return fieldsOf(fields)
}

function fieldsOf(fields: ReadonlyMap<string, Buffer>): PaxFields {
  let found: PaxFields = {}
  for (const [key, value] of fields) {
    if (key === 'path') found = { ...found, path: value }
    else if (key === 'size') found = { ...found, size: numberOf(value, /^(0|[1-9][0-9]{0,14})$/) }
    else if (key === 'mtime') found = { ...found, mtime: numberOf(value, /^-?[0-9]{1,15}(\.[0-9]{1,30})?$/) }
    else throw new Refusal('E_ARCHIVE_PAX', `a PAX header sets ${JSON.stringify(key.slice(0, 40))}`)
  }
  return found
}

function numberOf(value: Buffer, pattern: RegExp): number {
  const text = value.toString('latin1')
  if (!pattern.test(text)) refuse('E_ARCHIVE_PAX', 'a PAX number is not one')
  return Number(text)
}

/** The header with its PAX fields, which may complete it but never contradict it; refuses E_ARCHIVE_PAX. */
export function withPax(header: TarHeader, pax: PaxFields): TarHeader {
  if (pax.size !== undefined && pax.size !== header.size) refuse('E_ARCHIVE_PAX', 'PAX size and header disagree')
  if (pax.mtime !== undefined && header.mtime !== null && Math.floor(pax.mtime) !== header.mtime) {
    refuse('E_ARCHIVE_PAX', 'PAX mtime and header disagree')
  }
  if (pax.path === undefined) return header
  if (!isShortened(header.path, pax.path)) refuse('E_ARCHIVE_PAX', 'PAX path and header disagree')
  return { ...header, path: pax.path }
}

/** Bytes of ustar's name field. */
const NAME_BYTES = 100

/** Whether `short` is what a writer puts in a header for the longer or non-ASCII `full`: equal, cut off, or with `?` for what is not ASCII. */
export function isShortened(short: Uint8Array, full: Uint8Array): boolean {
  if (Buffer.compare(short, full) === 0) return true
  const ascii = full.every(byte => byte < 0x80)
  if (ascii && full.length <= NAME_BYTES) return false
  if (Buffer.compare(short, full.subarray(0, short.length)) === 0)
    return short.length >= Math.min(NAME_BYTES - 4, full.length)
  const replaced = Buffer.from(
    Buffer.from(full)
      .toString('utf8')
      .replace(/[^\0-\x7f]/gu, '?'),
  )
  return !ascii && isShortened(short, replaced)
}
