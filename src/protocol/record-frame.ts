import { CID } from 'multiformats/cid'
import { parseCanonical } from './canonical.ts'
import { ProtocolError } from './errors.ts'
import type { FeedId, PublisherId, RecordId } from './ids.ts'
import { ROOT_FEED } from './ids.ts'
import { isNetworkId, recordIdOfCid } from './ids-parse.ts'
import { ED25519, feedIdOf, keyListOfFeed, parseKeyList, parseKeyLists } from './key-list.ts'
import type { KeyList } from './record.ts'
import { readWriterFrame } from './writer-frame.ts'

/** The format version this program reads and writes. */
export const RECORD_VERSION = 1
/** The fields of a payload; `by` is the signing key list of a root record that is not a genesis (section 4.1). */
const FIELDS: ReadonlySet<string> = new Set([
  'v',
  'net',
  'pub',
  'feed',
  'seq',
  'prev',
  'typ',
  'ts',
  'auth',
  'by',
  'body',
])
const KIND = /^[a-z][a-z0-9-]{0,31}$/
const FEED_BYTES = 33

/** A payload's place and kind, checked; the body not yet. */
export interface RecordFrame {
  readonly net: string
  /** null in a genesis. */
  readonly publisher: PublisherId | null
  readonly feed: FeedId
  readonly seq: number
  readonly prev: RecordId | null
  readonly typ: string
  readonly ts: number
  readonly auth: RecordId | null
  /** All keys that must have signed, in the order of key indexes. */
  readonly signers: KeyList
  /** Of a root record the key list in whose name it is signed; null in writer feeds. */
  readonly rootKey: KeyList | null
  readonly body: Readonly<Record<string, unknown>>
  /** Whether the payload has fields that version 1 does not name: kept, relayed, inert. */
  readonly hasUnknownFields: boolean
}

type Fields = Readonly<Record<string, unknown>>

/**
 * The frame of a payload of version 1 (section 4.1).
 * @throws ProtocolError E_ENCODING, E_DEPTH, E_TEXT, E_VERSION, E_OTHER_NETWORK, E_ALGORITHM, E_RECORD
 */
export function parseRecordFrame(payload: Uint8Array, net: string): RecordFrame {
  return readWriterFrame(payload, net) ?? parseAnyFrame(payload, net)
}

/** As parseRecordFrame, of any kind of record. @throws ProtocolError as parseRecordFrame */
export function parseAnyFrame(payload: Uint8Array, net: string): RecordFrame {
  const fields = parseMap(parseCanonical(payload))
  if (fields.v !== RECORD_VERSION) throw new ProtocolError('E_VERSION', 'record of an unknown format version')
  for (const field of FIELDS) if (!Object.hasOwn(fields, field)) throw refuse(`without ${field}`)
  parseNetwork(fields.net, net)
  const typ = fields.typ
  if (typeof typ !== 'string' || !KIND.test(typ)) throw refuse('typ')
  const place =
    fields.pub === null ? genesisPlace(fields) : fields.feed === null ? rootPlace(fields) : writerPlace(fields)
  return {
    net,
    ...place,
    typ,
    ts: parseInteger(fields.ts, 0, 'ts'),
    body: parseMap(fields.body),
    hasUnknownFields: Object.keys(fields).length !== FIELDS.size,
  }
}

type Place = Pick<RecordFrame, 'publisher' | 'feed' | 'seq' | 'prev' | 'auth' | 'signers' | 'rootKey'>

/** A genesis is signed by all keys it names. */
function genesisPlace(fields: Fields): Place {
  for (const name of ['feed', 'prev', 'auth', 'by']) if (fields[name] !== null) throw refuse(`genesis with ${name}`)
  if (fields.seq !== 1 || fields.typ !== 'identity') throw refuse('genesis that is not identity at 1')
  const keys = parseKeyLists(parseMap(fields.body).keys)
  const [rootKey] = keys
  if (rootKey === undefined) throw refuse('genesis without keys')
  return { publisher: null, feed: ROOT_FEED, seq: 1, prev: null, auth: null, signers: keys.flat(), rootKey }
}

function rootPlace(fields: Fields): Place {
  if (fields.auth !== null) throw refuse('root record with auth')
  const by = parseKeyList(fields.by)
  const seq = parseInteger(fields.seq, 2, 'seq')
  const prev = parseLink(fields.prev, 'prev')
  return { publisher: parsePublisher(fields), feed: ROOT_FEED, seq, prev, auth: null, signers: by, rootKey: by }
}

function writerPlace(fields: Fields): Place {
  if (fields.by !== null) throw refuse("writer's record with by")
  const feed = parseWriterFeed(fields.feed)
  const seq = parseInteger(fields.seq, 1, 'seq')
  if ((fields.prev === null) !== (seq === 1)) throw refuse('prev')
  return {
    publisher: parsePublisher(fields),
    feed,
    seq,
    prev: seq === 1 ? null : parseLink(fields.prev, 'prev'),
    auth: parseLink(fields.auth, 'auth'),
    signers: keyListOfFeed(feed),
    rootKey: null,
  }
}

/** A writer's feed from 33 bytes: algorithm ‖ public key. @throws ProtocolError E_RECORD, E_ALGORITHM */
export function parseWriterFeed(value: unknown): FeedId {
  if (!(value instanceof Uint8Array) || value.length !== FEED_BYTES) throw refuse('feed')
  const alg = value[0] ?? 0
  if (alg !== ED25519) throw new ProtocolError('E_ALGORITHM', `no implementation of algorithm ${alg}`)
  return feedIdOf([alg, value.subarray(1)])
}

/** @throws ProtocolError E_RECORD, E_OTHER_NETWORK */
export function parseNetwork(value: unknown, net: string): void {
  if (typeof value !== 'string' || !isNetworkId(value)) throw refuse('net')
  if (value !== net) throw new ProtocolError('E_OTHER_NETWORK', `made for network ${value}, not ${net}`)
}

/** @throws ProtocolError E_RECORD */
export function parseLink(value: unknown, name: string): RecordId {
  const cid = CID.asCID(value)
  if (cid === null) throw refuse(name)
  try {
    return recordIdOfCid(cid)
  } catch (cause) {
    throw new ProtocolError('E_RECORD', `record: ${name}`, { cause })
  }
}

/** A safe integer not below a least one. @throws ProtocolError E_RECORD */
export function parseInteger(value: unknown, least: number, name: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) throw refuse(name)
  return value
}

/** A decoded map. @throws ProtocolError E_RECORD */
export function parseMap(value: unknown): Fields {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap || value instanceof Uint8Array || CID.asCID(value) !== null) throw refuse('not a map')
  return value as Fields
}

function parsePublisher(fields: Fields): PublisherId {
  return parseLink(fields.pub, 'pub') as string as PublisherId
}

function refuse(what: string): ProtocolError {
  return new ProtocolError('E_RECORD', `record: ${what}`)
}
