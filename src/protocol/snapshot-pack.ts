import { base32CidOf } from './base32.ts'
import { ProtocolError } from './errors.ts'
import type { PublisherId } from './ids.ts'
import { cidOf } from './ids-parse.ts'
import { MAX_RECORD_BYTES } from './limits.ts'

/** CIDv1, dag-cbor, sha2-256. */
const PUBLISHER_BYTES = 36
const LENGTH_BYTES = 4

/** The records of one publisher in a pack: root feed first, each feed ascending by seq. */
export interface PackSection {
  readonly publisher: PublisherId
  readonly envelopes: readonly Uint8Array[]
}

/** A section as it stands in a pack (section 16.2): publisher's CID ‖ bytes that follow, u32 ‖ (length, u32 ‖ envelope) for each record. */
export function encodePackSection({ publisher, envelopes }: PackSection): Uint8Array {
  const parts = envelopes.flatMap(envelope => [lengthOf(envelope.length), envelope])
  const body = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([cidOf(publisher).bytes, lengthOf(body), ...parts])
}

/** Bytes that a record adds to its section. */
export function packedBytesOf(envelope: Uint8Array): number {
  return LENGTH_BYTES + envelope.length
}

/** Bytes of a section without records. */
export const PACK_SECTION_BYTES = PUBLISHER_BYTES + LENGTH_BYTES

/**
 * The sections of a pack, in order of their publishers' ids, each publisher once; envelopes are views of the pack, not yet parsed.
 * `isWanted` says of which publishers; what others' sections hold is not looked at.
 * @throws ProtocolError E_MESSAGE
 */
export function* packSections(
  pack: Uint8Array,
  isWanted: (publisher: PublisherId) => boolean,
): Generator<PackSection, void> {
  const bytes = Buffer.from(pack.buffer, pack.byteOffset, pack.byteLength)
  let last = ''
  for (let at = 0; at < bytes.length; ) {
    if (bytes.length - at < PACK_SECTION_BYTES) throw refuse('it ends early')
    const publisher = base32CidOf(bytes.subarray(at, at + PUBLISHER_BYTES)) as PublisherId
    if (publisher <= last) throw refuse('its publishers are not in order')
    last = publisher
    const from = at + PACK_SECTION_BYTES
    const end = from + bytes.readUInt32BE(at + PUBLISHER_BYTES)
    if (end > bytes.length) throw refuse('it ends early')
    if (isWanted(publisher)) yield { publisher, envelopes: envelopesOf(bytes.subarray(from, end)) }
    at = end
  }
}

function envelopesOf(section: Buffer): Uint8Array[] {
  const envelopes: Uint8Array[] = []
  for (let at = 0; at < section.length; ) {
    const from = at + LENGTH_BYTES
    const length = from <= section.length ? section.readUInt32BE(at) : 0
    if (length < 1 || length > MAX_RECORD_BYTES || from + length > section.length) throw refuse('a record of no length')
    envelopes.push(section.subarray(from, from + length))
    at = from + length
  }
  return envelopes
}

function lengthOf(bytes: number): Uint8Array {
  const length = Buffer.alloc(LENGTH_BYTES)
  length.writeUInt32BE(bytes)
  return length
}

function refuse(what: string): ProtocolError {
  return new ProtocolError('E_MESSAGE', `not a snapshot's pack: ${what}`)
}
