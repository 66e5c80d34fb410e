import { hash } from 'node:crypto'
import { code as DAG_CBOR } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { base32CidOf } from './base32.ts'
import { ProtocolError } from './errors.ts'
import type { BlockId, PeerId, PublisherId, RecordId } from './ids.ts'
import { MAX_NETWORK_ID_CHARS, MAX_PEER_ID_BYTES } from './limits.ts'

const SHA2_256 = 0x12
const RAW = 0x55
const DAG_PB = 0x70
const SHA256_BYTES = 32
/** CIDv1, dag-cbor, sha2-256 of 32 bytes. */
const RECORD_CID_PREFIX = Uint8Array.of(1, DAG_CBOR, SHA2_256, SHA256_BYTES)
/** A CIDv1 of a sha-256 has 59 characters; longer text is not worth decoding. */
const MAX_CID_CHARS = 64
const NETWORK_ID = new RegExp(`^[a-z0-9-]{1,${MAX_NETWORK_ID_CHARS}}$`)
const PEER_ID = new RegExp(`^[1-9A-HJ-NP-Za-km-z]{1,${MAX_PEER_ID_BYTES}}$`)

/** Whether a string is a network id (section 4.1). */
export function isNetworkId(text: string): boolean {
  return NETWORK_ID.test(text)
}

/** Whether a string has the form of a libp2p peer id in base58. */
export function isPeerId(text: string): text is PeerId {
  return PEER_ID.test(text)
}

/** The record id of payload bytes: CIDv1(dag-cbor, sha2-256) (section 3). */
export function recordIdOf(payload: Uint8Array): RecordId {
  const digest = hash('sha256', payload, 'buffer')
  const id = textOfDigest(digest)
  last = { digest, id }
  return id
}

/** The record id of a payload's sha-256. */
export function recordIdOfDigest(digest: Uint8Array): RecordId {
  return Buffer.compare(digest, last.digest) === 0 ? last.id : textOfDigest(digest)
}

/** The id made last: a record names the one before it. */
let last = { digest: new Uint8Array(0), id: '' as RecordId }

function textOfDigest(digest: Uint8Array): RecordId {
  const bytes = new Uint8Array(RECORD_CID_PREFIX.length + digest.length)
  bytes.set(RECORD_CID_PREFIX)
  bytes.set(digest, RECORD_CID_PREFIX.length)
  return base32CidOf(bytes) as RecordId
}

/** A record id from text. @throws ProtocolError E_ID */
function parseRecordId(text: string): RecordId {
  return recordIdOfCid(parseCid(text))
}

/** A publisher id from text. @throws ProtocolError E_ID */
export function parsePublisherId(text: string): PublisherId {
  return parseRecordId(text) as string as PublisherId
}

/** The record id that a link holds. @throws ProtocolError E_ID */
export function recordIdOfCid(cid: CID): RecordId {
  if (!isSha256Cid(cid) || cid.code !== DAG_CBOR) throw new ProtocolError('E_ID', 'not a record id')
  return base32CidOf(cid.bytes) as RecordId
}

/** The block id that a link holds. @throws ProtocolError E_ID */
export function blockIdOfCid(cid: CID): BlockId {
  if (!isSha256Cid(cid) || (cid.code !== RAW && cid.code !== DAG_PB)) throw new ProtocolError('E_ID', 'not a block id')
  return base32CidOf(cid.bytes) as BlockId
}

/** The link to write for an id. @throws ProtocolError E_ID */
export function cidOf(id: RecordId | PublisherId | BlockId): CID {
  return parseCid(id)
}

function isSha256Cid(cid: CID): boolean {
  return cid.version === 1 && cid.multihash.code === SHA2_256 && cid.multihash.digest.length === SHA256_BYTES
}

function parseCid(text: string): CID {
  try {
    if (text.length > MAX_CID_CHARS) throw new RangeError('too long')
    const cid = CID.parse(text)
    if (cid.toString() !== text) throw new RangeError('not its canonical text')
    return cid
  } catch (cause) {
    throw new ProtocolError('E_ID', 'not a CID', { cause })
  }
}
