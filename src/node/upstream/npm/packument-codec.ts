import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { manifestFactsOf } from '../../registries/npm/manifest-facts.ts'
import { MAX_PACKUMENT_BYTES } from './limits.ts'
import { headerOf, parseHeader, parseOldHeader } from './packument-header.ts'
import type { PackumentFacts, StoredPackument } from './packument-store.ts'
import { parsePackument } from './parse-packument.ts'

/** First word of a file; the number changes with the layout. */
const MAGIC = 'hanse-packument-2'
const OLD_MAGIC = 'hanse-packument-1'
const NEWLINE = 0x0a
/** In the place of the bytes' digest: the upstream has the package no longer. */
const GONE = 'gone'
/** Bytes of a first line: magic, two digests in hex, spaces. */
const MAX_FIRST_LINE_BYTES = 256

/** The file of a document: a line with two digests, a line of facts, the gzipped bytes; without bytes it is gone. */
export function encodePackument(facts: PackumentFacts, gzipped: Uint8Array | null): Buffer {
  const header = Buffer.from(headerOf(facts))
  const first = `${MAGIC} ${sha256(header)} ${gzipped === null ? GONE : sha256(gzipped)}\n`
  return Buffer.concat([Buffer.from(first), header, Buffer.from('\n'), gzipped ?? Buffer.alloc(0)])
}

/** What a file holds of `name`; without bytes when only those are damaged, null when the facts are. */
export function decodePackument(name: string, file: Buffer): Omit<StoredPackument, 'fetchedAt'> | null {
  const firstEnd = file.subarray(0, MAX_FIRST_LINE_BYTES).indexOf(NEWLINE)
  const headerEnd = file.indexOf(NEWLINE, firstEnd + 1)
  if (firstEnd < 0 || headerEnd < 0) return null
  const [magic, headerDigest, bodyDigest] = file.toString('latin1', 0, firstEnd).split(' ')
  const header = file.subarray(firstEnd + 1, headerEnd)
  const parse = magic === MAGIC ? parseHeader : magic === OLD_MAGIC ? parseOldHeader : null
  if (parse === null || sha256(header) !== headerDigest) return null
  const facts = parsedOrNull(parse, header)
  if (facts?.name !== name) return null
  const body = file.subarray(headerEnd + 1)
  const gzipped = sha256(body) === bodyDigest ? body : null
  const isGone = bodyDigest === GONE
  if (parse === parseHeader || gzipped === null) return { facts, gzipped, isGone }
  const completed = completedOf(facts, gzipped)
  return { facts: completed ?? facts, gzipped: completed === null ? null : gzipped, isGone }
}

/** Facts of the first form with what the document says of manifests; null when it is none. */
function completedOf(facts: PackumentFacts, gzipped: Uint8Array): PackumentFacts | null {
  const parsed = parsedOrNull(
    bytes => parsePackument(facts.name, gunzipSync(bytes, { maxOutputLength: MAX_PACKUMENT_BYTES })),
    gzipped,
  )
  if (parsed === null) return null
  const seen = new Map(facts.seen)
  for (const [version, before] of facts.seen) {
    const listed = parsed.document.versions[version]
    if (listed !== undefined) seen.set(version, { ...before, manifest: manifestFactsOf(listed) })
  }
  return { ...facts, seen }
}

function parsedOrNull<From, To>(parse: (from: From) => To | null, from: From): To | null {
  try {
    return parse(from)
  } catch {
    return null
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
