import { parseBody } from './body-parse.ts'
import { parseEnvelope, signatureChecksOf } from './envelope.ts'
import { ProtocolError } from './errors.ts'
import type { PublisherId } from './ids.ts'
import { recordIdOf } from './ids-parse.ts'
import { type SignatureCheck, signerOf, verifySignatures, verifySignaturesOnPool } from './key-list.ts'
import type { UnderstoodBody, WellFormedRecord } from './record.ts'
import { parseRecordFrame, type RecordFrame } from './record-frame.ts'
import { RECORD_DOMAIN } from './signature-domain.ts'

/** The network a record must be made for. */
export interface RecordContext {
  readonly net: string
}

/** A record whose signatures are still to be verified: trust it only after all checks hold. */
export interface UnverifiedRecord {
  readonly record: WellFormedRecord
  readonly checks: readonly SignatureCheck[]
}

/**
 * A well-formed record from an envelope of up to 64 KiB (sections 3 and 4).
 * @throws ProtocolError E_SIZE, E_ENCODING, E_DEPTH, E_TEXT, E_ENVELOPE, E_VERSION, E_OTHER_NETWORK, E_RECORD, E_ALGORITHM, E_SIGNATURE
 */
export function parseRecord(envelope: Uint8Array, context: RecordContext): WellFormedRecord {
  const { record, checks } = parseUnverifiedRecord(envelope, context)
  verifySignatures(checks)
  return record
}

/** As parseRecord, with the signatures verified on the thread pool. */
export async function parseRecordOnPool(envelope: Uint8Array, context: RecordContext): Promise<WellFormedRecord> {
  const { record, checks } = parseUnverifiedRecord(envelope, context)
  await verifySignaturesOnPool(checks)
  return record
}

/** As parseRecord without the signatures; the caller verifies the checks. @throws ProtocolError as parseRecord */
export function parseUnverifiedRecord(bytes: Uint8Array, context: RecordContext): UnverifiedRecord {
  const envelope = parseEnvelope(bytes)
  const frame = parseRecordFrame(envelope.payload, context.net)
  const checks = signatureChecksOf(envelope, frame.signers, { net: context.net, domain: RECORD_DOMAIN })
  const id = recordIdOf(envelope.payload)
  const { net, feed, seq, prev, typ, ts, auth } = frame
  const publisher = frame.publisher ?? (id as string as PublisherId)
  const signer = frame.rootKey === null ? '' : signerOf(frame.rootKey)
  // Many records pass through that nobody asks for their body: it is read when it is first asked for.
  let understood: UnderstoodBody | null | undefined
  const record = {
    id,
    net,
    publisher,
    feed,
    seq,
    prev,
    typ,
    ts,
    auth,
    envelope: bytes,
    signer,
    get understood() {
      if (understood === undefined) understood = understoodOf(frame)
      return understood
    },
  }
  return { record, checks }
}

/** The body when its kind is known in that feed and fits its schema, else null: a newer peer is never a bad peer (section 4.3). */
function understoodOf(frame: RecordFrame): UnderstoodBody | null {
  if (frame.hasUnknownFields) return null
  try {
    return parseBody(frame)
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}
