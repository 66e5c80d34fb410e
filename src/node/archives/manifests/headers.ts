import { refuse } from '../refusal.ts'

/** Headers of one document by lower-case name, each with its values in order. */
export type Headers = ReadonlyMap<string, readonly string[]>

/** Reads the RFC 822-like headers of a Python metadata file (core metadata specification), without the body; refuses E_ARCHIVE_MANIFEST. */
export function parseHeaders(bytes: Uint8Array, what: string): Headers {
  const headers = new Map<string, string[]>()
  let values: string[] = []
  for (const line of textOf(bytes, what).split(/\r?\n/)) {
    if (line === '') break
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (values.length === 0) refuse('E_ARCHIVE_MANIFEST', `${what} starts with a continued line`)
      values[values.length - 1] += `\n${line.trim()}`
      continue
    }
    const match = /^([A-Za-z0-9-]+):[ \t]*(.*)$/s.exec(line)
    if (match === null) return refuse('E_ARCHIVE_MANIFEST', `${what} has a line that is not a header`)
    const name = match[1]!.toLowerCase()
    values = headers.get(name) ?? []
    headers.set(name, values)
    values.push(match[2]!.trim())
  }
  return headers
}

/** The value of a header that must be there once; refuses E_ARCHIVE_MANIFEST. */
export function onlyValue(headers: Headers, name: string, what: string): string {
  const values = headers.get(name) ?? []
  const [value] = values
  if (values.length !== 1 || value === undefined || value === '')
    return refuse('E_ARCHIVE_MANIFEST', `${what} needs exactly one ${name}`)
  return value
}

function textOf(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse('E_ARCHIVE_MANIFEST', `${what} is not UTF-8`)
  }
}
