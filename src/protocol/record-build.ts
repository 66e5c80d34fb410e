import { type BodyMap, opsBodyMapOf, rootBodyMapOf } from './body-encode.ts'
import { parseBody } from './body-parse.ts'
import { encodeCanonical } from './canonical.ts'
import { type Sign, sealEnvelope } from './envelope.ts'
import { ProtocolError } from './errors.ts'
import type { FeedId, PublisherId, RecordId } from './ids.ts'
import { cidOf } from './ids-parse.ts'
import { ed25519KeyList, feedBytesOf } from './key-list.ts'
import type { DelegateBody, KeyList, Op, RotateBody, VoidBody, WellFormedRecord } from './record.ts'
import { parseRecordFrame, RECORD_VERSION } from './record-frame.ts'
import { parseRecord } from './record-parse.ts'
import { RECORD_DOMAIN } from './signature-domain.ts'

/** A payload's fields before encoding (section 4.1). */
export interface UnsignedRecord {
  readonly net: string
  readonly publisher: PublisherId | null
  /** null: the root feed. */
  readonly feed: FeedId | null
  readonly seq: number
  readonly prev: RecordId | null
  readonly typ: string
  /** ms since 1970. */
  readonly ts: number
  readonly auth: RecordId | null
  /** The signing key list of a root record that is not a genesis. */
  readonly by: KeyList | null
  readonly body: BodyMap
}

/** What is needed for the first record of a publisher with one Ed25519 root key. */
export interface GenesisInput {
  readonly net: string
  readonly ts: number
  /** 32 bytes. */
  readonly rootKey: Uint8Array
  /** keyListDigestOf the recovery key list. */
  readonly recoveryKeyDigest: Uint8Array
  /** 16 to 32 random bytes. */
  readonly salt: Uint8Array
}

/** What is needed for a further record of the root feed. */
export interface RootRecordInput {
  readonly net: string
  readonly publisher: PublisherId
  readonly seq: number
  readonly prev: RecordId
  readonly ts: number
  /** The key list that signs: a current root key, or for a rotate one named in `next` or `recovery`. */
  readonly by: KeyList
  readonly body: DelegateBody | VoidBody | Omit<RotateBody, 'by'>
}

/** What is needed for a record of a writer's feed; all ops have the kind `typ`. */
export interface WriterRecordInput {
  readonly net: string
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly seq: number
  readonly prev: RecordId | null
  readonly ts: number
  readonly auth: RecordId
  readonly typ: Op['op']
  readonly ops: readonly Op[]
}

/** The genesis of a publisher. @throws ProtocolError for input outside the format */
export function buildGenesis(input: GenesisInput, sign: Sign): WellFormedRecord {
  const keys = [ed25519KeyList(input.rootKey)]
  const { net, ts, salt } = input
  const body = { keys, threshold: 1, next: [], recovery: [input.recoveryKeyDigest], salt }
  const place = { publisher: null, feed: null, seq: 1, prev: null, auth: null, by: null }
  return sealUnderstood({ net, ts, typ: 'identity', ...place, body }, sign)
}

/** A delegate, void or rotate. @throws ProtocolError for input outside the format */
export function buildRootRecord(input: RootRecordInput, sign: Sign): WellFormedRecord {
  const body = input.body.typ === 'rotate' ? { ...input.body, by: input.by } : input.body
  return sealUnderstood({ ...input, feed: null, auth: null, typ: body.typ, body: rootBodyMapOf(body) }, sign)
}

/** A record of ops in a writer's feed. @throws ProtocolError for input outside the format */
export function buildWriterRecord(input: WriterRecordInput, sign: Sign): WellFormedRecord {
  const { ops, ...place } = input
  if (ops.some(op => op.op !== input.typ)) throw new ProtocolError('E_BODY', 'ops of another kind than the record')
  return sealUnderstood({ ...place, by: null, body: opsBodyMapOf(ops) }, sign)
}

/** Encodes and signs any record, of a kind known here or not. @throws ProtocolError for a record that is not well-formed */
export function sealRecord(record: UnsignedRecord, sign: Sign): WellFormedRecord {
  const payload = encodePayload(record)
  const { signers } = parseRecordFrame(payload, record.net)
  const envelope = sealEnvelope(payload, signers, { net: record.net, domain: RECORD_DOMAIN }, sign)
  return parseRecord(envelope, { net: record.net })
}

function sealUnderstood(record: UnsignedRecord, sign: Sign): WellFormedRecord {
  parseBody(parseRecordFrame(encodePayload(record), record.net))
  return sealRecord(record, sign)
}

function encodePayload(record: UnsignedRecord): Uint8Array {
  const { net, seq, typ, ts, by, body } = record
  return encodeCanonical({
    v: RECORD_VERSION,
    net,
    pub: linkOf(record.publisher),
    feed: record.feed === null ? null : feedBytesOf(record.feed),
    seq,
    prev: linkOf(record.prev),
    typ,
    ts,
    auth: linkOf(record.auth),
    by,
    body,
  })
}

function linkOf(id: RecordId | PublisherId | null): unknown {
  return id === null ? null : cidOf(id)
}
