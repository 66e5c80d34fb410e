import { hash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import {
  base32CidOf,
  bytesOfBase32Cid,
  type FeedId,
  type PublisherId,
  parseEnvelope,
  type RecordId,
} from '../../protocol/index.ts'
import { StorageError } from './errors.ts'
import { plain } from './level-database.ts'

/** Where a record lies: branch 0 is the feed's main one. */
export interface RecordPlace {
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly branch: number
  readonly seq: number
}

/** Where a record's id says it lies. */
export interface IdPlace extends RecordPlace {
  /** It belongs there and was lost on disk: whoever brings it fills the place again. */
  readonly isLost: boolean
}

/** A record as read back, checked against its id. */
export interface StoredRecord extends RecordPlace {
  readonly id: RecordId
  readonly envelope: Uint8Array
}

/** CIDv1, dag-cbor, sha2-256 of 32 bytes. */
const ID_PREFIX = Uint8Array.of(1, 0x71, 0x12, 32)
/** Bytes of a binary record id, with which what is stored begins. */
export const ID_BYTES = 36
const SUM_BYTES = 32
const LOST_MARK = '?'
const SEQ_DIGITS = 14

/** Key of a record: sorts by publisher, feed, branch, seq. */
export function keyOf({ publisher, feed, branch, seq }: RecordPlace): string {
  return `${publisher}/${feed}/${hex(branch, 4)}/${hex(seq, SEQ_DIGITS)}`
}

/** @throws StorageError E_RECORD_CORRUPT for a key that no record was written under. */
export function parseKey(key: string): RecordPlace {
  const match = /^([a-z2-7]+)\/([0-9a-z]+)\/([0-9a-f]{4})\/([0-9a-f]{14})$/.exec(key)
  if (match === null) throw new StorageError('E_RECORD_CORRUPT', 'a record lies under a key that no record has')
  const [, publisher, feed, branch, seq] = match as unknown as [string, PublisherId, FeedId, string, string]
  return { publisher, feed, branch: Number.parseInt(branch, 16), seq: Number.parseInt(seq, 16) }
}

/** Stored form of where an id lies: the record's key, and a mark if it was lost. */
export function encodePlace(place: RecordPlace, { isLost }: { readonly isLost: boolean }): Uint8Array {
  return Buffer.from(`${keyOf(place)}${isLost ? LOST_MARK : ''}`)
}

/** Whether the stored place of a record's id leads to where the record lies. */
export function isFoundBy(place: Uint8Array | undefined, at: RecordPlace): boolean {
  return place !== undefined && same(place, encodePlace(at, { isLost: false }))
}

/** @throws StorageError E_RECORD_CORRUPT */
export function parsePlace(bytes: Uint8Array): IdPlace {
  const text = Buffer.from(bytes).toString()
  const isLost = text.endsWith(LOST_MARK)
  return { ...parseKey(isLost ? text.slice(0, -LOST_MARK.length) : text), isLost }
}

/** What lies in the place of a record that was lost: its binary id alone. */
export function encodeLost(id: RecordId): Uint8Array {
  return bytesOfBase32Cid(id)
}

/** The id of the record that was lost here, or null for what is no such mark. */
export function lostIdOf(bytes: Uint8Array): RecordId | null {
  if (bytes.length !== ID_BYTES) return null
  try {
    return CID.decode(bytes).toString() as RecordId
  } catch {
    return null
  }
}

/** Stored form: binary id ‖ sha256(envelope) ‖ envelope. The sum covers the signatures, which the id does not. */
export function encodeStored(id: RecordId, envelope: Uint8Array): Uint8Array {
  return Buffer.concat([bytesOfBase32Cid(id), sha256(envelope), envelope])
}

/** Whether stored bytes begin with a record's id. */
export function isStoredAs(id: RecordId, stored: Uint8Array): boolean {
  return same(stored.subarray(0, ID_BYTES), bytesOfBase32Cid(id))
}

/** The sequence number at the end of a record's key. */
export function seqOfKey(key: string): number {
  return Number.parseInt(key.slice(-SEQ_DIGITS), 16)
}

/** The record under `key`. @throws StorageError E_RECORD_CORRUPT when its bytes are not those of its id. */
export function openStored(key: string, bytes: Uint8Array): StoredRecord {
  const envelope = openEnvelope(key, bytes)
  return { ...parseKey(key), id: base32CidOf(bytes.subarray(0, ID_BYTES)) as RecordId, envelope }
}

/** The envelope of the record under `key`. @throws StorageError E_RECORD_CORRUPT when its bytes are not those of its id. */
export function openEnvelope(key: string, bytes: Uint8Array): Uint8Array {
  const envelope = plain(bytes.subarray(ID_BYTES + SUM_BYTES))
  const isSound =
    same(sha256(envelope), bytes.subarray(ID_BYTES, ID_BYTES + SUM_BYTES)) &&
    isIdOf(bytes.subarray(0, ID_BYTES), envelope)
  if (!isSound) throw altered(parseKey(key))
  return envelope
}

function altered({ seq, feed, publisher }: RecordPlace): StorageError {
  const hint = 'run: hanse doctor --repair'
  return new StorageError('E_RECORD_CORRUPT', `record ${seq} of feed ${feed} of ${publisher} was altered on disk`, {
    hint,
  })
}

/** Whether a binary id is that of the payload inside an envelope; says nothing about signatures. */
function isIdOf(id: Uint8Array, envelope: Uint8Array): boolean {
  try {
    const { payload } = parseEnvelope(envelope)
    return same(id.subarray(0, ID_PREFIX.length), ID_PREFIX) && same(id.subarray(ID_PREFIX.length), sha256(payload))
  } catch {
    return false
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return hash('sha256', bytes, 'buffer')
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
