import { base58btc } from 'multiformats/bases/base58'
import { z } from 'zod'
import { encodeCanonical, parseCanonical } from './canonical.ts'
import { parseEnvelope, type Sign, sealEnvelope, signatureChecksOf } from './envelope.ts'
import { ProtocolError } from './errors.ts'
import type { PeerId, PublisherId } from './ids.ts'
import { cidOf, isPeerId } from './ids-parse.ts'
import { ed25519KeyList, type SignatureCheck, verifySignatures, verifySignaturesOnPool } from './key-list.ts'
import {
  MAX_CONTACT_BYTES,
  MAX_NODE_ADDRESS_BYTES,
  MAX_NODE_ADDRESSES,
  MAX_NODE_HELD,
  MAX_NODE_MIRRORS,
  MAX_NODE_RECORD_BYTES,
  MAX_NODE_ROLES,
  MAX_SOFTWARE_BYTES,
} from './limits.ts'
import { parseMap, parseNetwork } from './record-frame.ts'
import { heldTagField, integerField, nameField, peerField, publisherField, wordField } from './schema-fields.ts'
import { NODE_DOMAIN } from './signature-domain.ts'

const NODE_RECORD_VERSION = 1
/** Identity multihash of 36 bytes: a protobuf of key type Ed25519 and the 32 bytes of the key (libp2p peer id specification). */
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
const KEY_BYTES = 32
/** What an envelope with one Ed25519 signature adds to its payload, at most. */
const SIGNATURE_ROOM_BYTES = 80

/** What a node says of itself, signed by its node key; shapes are checked, what it says may be untrue. */
export interface NodeRecord {
  readonly peer: PeerId
  /** When it was signed by the node's own clock, ms since 1970: of two the later holds. */
  readonly at: number
  /** Multiaddrs without the peer id at their end, at most 16. */
  readonly addresses: readonly string[]
  /** Words such as `mirror`, `relay`, `snapshot`; unknown ones are kept. */
  readonly roles: readonly string[]
  /** Publishers whose bytes it keeps, at most 64. */
  readonly mirrors: readonly PublisherId[]
  /** Tags of publishers of which it holds public packages, at most 64: some of them where it holds more. */
  readonly held?: readonly string[]
  readonly software: { readonly name: string; readonly version: string }
  /** Whom to tell of abuse. */
  readonly contact?: string
}

/** A multiaddr as text: what it means is for the network to find out. */
const address = z.string().regex(new RegExp(`^(?:/[a-zA-Z0-9._:%@+-]{1,${MAX_NODE_ADDRESS_BYTES}})+$`))
const schema = z.object({
  peer: peerField,
  at: integerField(0),
  addresses: z.array(address.max(MAX_NODE_ADDRESS_BYTES)).max(MAX_NODE_ADDRESSES),
  roles: z.array(wordField).max(MAX_NODE_ROLES),
  mirrors: z.array(publisherField).max(MAX_NODE_MIRRORS),
  held: z.exactOptional(z.array(heldTagField).max(MAX_NODE_HELD)),
  software: z.object({ name: nameField(MAX_SOFTWARE_BYTES), version: nameField(MAX_SOFTWARE_BYTES) }),
  contact: z.exactOptional(nameField(MAX_CONTACT_BYTES)),
})

/** Whether a multiaddr may stand in a node record. */
export function isNodeAddress(text: string): boolean {
  return address.max(MAX_NODE_ADDRESS_BYTES).safeParse(text).success
}

/** The peer id of an Ed25519 node key. */
export function peerIdOfKey(publicKey: Uint8Array): PeerId {
  if (publicKey.length !== KEY_BYTES) throw new TypeError('not an Ed25519 key')
  return base58btc.encode(Buffer.concat([PEER_ID_PREFIX, publicKey])).slice(1) as PeerId
}

/** The Ed25519 key that a peer id carries. @throws ProtocolError E_ID */
export function keyOfPeerId(peer: string): Uint8Array {
  if (!isPeerId(peer)) throw new ProtocolError('E_ID', 'not a peer id')
  const bytes = base58btc.decode(`z${peer}`)
  const key = bytes.subarray(PEER_ID_PREFIX.length)
  if (key.length !== KEY_BYTES || peerIdOfKey(key) !== peer) throw new ProtocolError('E_ID', 'peer id without a key')
  return key
}

/**
 * A node record signed by the node's key (section 15.1), as an envelope in its own domain. Of a record too long for one what is held
 * is left out, then the last mirrors. @throws ProtocolError E_RECORD, E_ID, E_SIZE for what no peer would take
 */
export function sealNodeRecord(record: NodeRecord, net: string, sign: Sign): Uint8Array {
  const keys = ed25519KeyList(keyOfPeerId(record.peer))
  let { held, ...said } = record
  let mirrors = record.mirrors.map(cidOf)
  for (;;) {
    const payload = encodeCanonical({
      ...{ v: NODE_RECORD_VERSION, net, ...said, mirrors },
      ...(held === undefined ? {} : { held }),
    })
    if (payload.length <= MAX_NODE_RECORD_BYTES - SIGNATURE_ROOM_BYTES) {
      parsePayload(payload, net)
      return sealEnvelope(payload, keys, { net, domain: NODE_DOMAIN }, sign)
    }
    if (mirrors.length === 0 && held === undefined) throw tooLong()
    if (held === undefined) mirrors = mirrors.slice(0, -1)
    held = undefined
  }
}

/**
 * The node record in an envelope, its signature verified by the key in its peer id.
 * @throws ProtocolError E_SIZE, E_ENCODING, E_DEPTH, E_TEXT, E_ENVELOPE, E_VERSION, E_OTHER_NETWORK, E_RECORD, E_ID, E_SIGNATURE
 */
export function openNodeRecord(envelope: Uint8Array, net: string): NodeRecord {
  const { record, checks } = parseUnverifiedNodeRecord(envelope, net)
  verifySignatures(checks)
  return record
}

/** As openNodeRecord, with the signature verified on the thread pool. */
export async function openNodeRecordOnPool(envelope: Uint8Array, net: string): Promise<NodeRecord> {
  const { record, checks } = parseUnverifiedNodeRecord(envelope, net)
  await verifySignaturesOnPool(checks)
  return record
}

function parseUnverifiedNodeRecord(
  bytes: Uint8Array,
  net: string,
): { readonly record: NodeRecord; readonly checks: readonly SignatureCheck[] } {
  if (bytes.length > MAX_NODE_RECORD_BYTES) throw tooLong()
  const envelope = parseEnvelope(bytes)
  const record = parsePayload(envelope.payload, net)
  const keys = ed25519KeyList(keyOfPeerId(record.peer))
  return { record, checks: signatureChecksOf(envelope, keys, { net, domain: NODE_DOMAIN }) }
}

/** A further field is ignored, so that records can say more. */
function parsePayload(payload: Uint8Array, net: string): NodeRecord {
  const fields = parseMap(parseCanonical(payload, MAX_NODE_RECORD_BYTES))
  if (fields.v !== NODE_RECORD_VERSION) throw new ProtocolError('E_VERSION', 'node record of an unknown version')
  parseNetwork(fields.net, net)
  const parsed = schema.safeParse(fields)
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join('.') ?? ''
    throw new ProtocolError('E_RECORD', `node record: ${path}`)
  }
  return parsed.data
}

function tooLong(): ProtocolError {
  return new ProtocolError('E_SIZE', `node record longer than ${MAX_NODE_RECORD_BYTES} bytes`)
}
