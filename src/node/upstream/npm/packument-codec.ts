import { createHash } from 'node:crypto'
import { z } from 'zod'
import { MAX_VALIDATOR_CHARS, MAX_VERSION_BYTES } from './limits.ts'
import type { PackumentFacts, StoredPackument } from './packument-store.ts'

/** First word of a file; the number changes with the layout. */
const MAGIC = 'hanse-packument-1'
const NEWLINE = 0x0a
/** In the place of the bytes' digest: the upstream has the package no longer. */
const GONE = 'gone'
/** Bytes of a first line: magic, two digests in hex, spaces. */
const MAX_FIRST_LINE_BYTES = 256

const validator = z.string().max(MAX_VALIDATOR_CHARS).nullable()
const headerSchema = z.strictObject({
  name: z.string(),
  revision: z.string().regex(/^[\w-]{43}$/),
  etag: validator,
  lastModified: validator,
  seen: z.array(z.tuple([z.string().max(MAX_VERSION_BYTES), z.int(), z.string().regex(/^[\w-]{22}$/)])),
})

/** The file of a document: a line with two digests, a line of facts, the gzipped bytes; without bytes it is gone. */
export function encodePackument(facts: PackumentFacts, gzipped: Uint8Array | null): Buffer {
  const { name, revision, etag, lastModified } = facts
  const seen = [...facts.seen].map(([version, { at, mark }]) => [version, at, mark])
  const header = Buffer.from(JSON.stringify({ name, revision, etag, lastModified, seen }))
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
  if (magic !== MAGIC || sha256(header) !== headerDigest) return null
  const facts = parseFacts(header)
  if (facts?.name !== name) return null
  const gzipped = file.subarray(headerEnd + 1)
  return { facts, gzipped: sha256(gzipped) === bodyDigest ? gzipped : null, isGone: bodyDigest === GONE }
}

function parseFacts(header: Buffer): PackumentFacts | null {
  try {
    const { seen, ...facts } = headerSchema.parse(JSON.parse(header.toString()))
    return { ...facts, seen: new Map(seen.map(([version, at, mark]) => [version, { at, mark }])) }
  } catch {
    return null
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
