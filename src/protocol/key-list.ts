import { createHash } from 'node:crypto'
import { encodeCanonical } from './canonical.ts'
import { verifyEd25519, verifyEd25519OnPool } from './ed25519.ts'
import { ProtocolError } from './errors.ts'
import type { FeedId } from './ids.ts'
import { ROOT_FEED } from './ids.ts'
import { MAX_PUBLIC_KEY_BYTES, MAX_ROOT_KEYS, MAX_SIGNATURES } from './limits.ts'
import type { KeyList } from './record.ts'

/** Algorithm registry (section 2.3); numbers 2 ML-DSA-44, 3 ML-DSA-65 and 4 SLH-DSA-SHA2-128s are reserved. */
export const ED25519 = 1
const ED25519_KEY_BYTES = 32

/** One signature to verify: algorithm, public key, the bytes signed, the signature. */
export interface SignatureCheck {
  readonly alg: number
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** The key list of one Ed25519 key. */
export function ed25519KeyList(publicKey: Uint8Array): KeyList {
  return [[ED25519, publicKey]]
}

/** sha-256 of a key list's canonical encoding: what `next`, `recovery` and `signer` hold (section 2.3). */
export function keyListDigestOf(keys: KeyList): Uint8Array {
  return createHash('sha256').update(encodeCanonical(keys)).digest()
}

/** keyListDigestOf as lower-case hex. */
export function signerOf(keys: KeyList): string {
  return Buffer.from(keyListDigestOf(keys)).toString('hex')
}

/** The feed id of a writer's key (section 4.2). */
export function feedIdOf(key: readonly [number, Uint8Array]): FeedId {
  return Buffer.concat([Uint8Array.of(key[0]), key[1]]).toString('hex') as FeedId
}

/** Algorithm ‖ public key of a writer's feed. @throws TypeError for the root feed, which is no key */
export function feedBytesOf(feed: FeedId): Uint8Array {
  if (feed === ROOT_FEED) throw new TypeError('the root feed has no key')
  return Buffer.from(feed, 'hex')
}

/** The key list that signs a writer's feed. */
export function keyListOfFeed(feed: FeedId): KeyList {
  const bytes = feedBytesOf(feed)
  return [[bytes[0] ?? 0, bytes.subarray(1)]]
}

/** A key list from a decoded value: 1 to 8 different (algorithm, public key). @throws ProtocolError E_RECORD */
export function parseKeyList(value: unknown): KeyList {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_SIGNATURES) throw refuse('not a key list')
  const keys = value.map(parseKey)
  if (new Set(keys.map(feedIdOf)).size !== keys.length) throw refuse('one key twice in a key list')
  return keys
}

/** 1 to 16 key lists of which no key is twice. @throws ProtocolError E_RECORD */
export function parseKeyLists(value: unknown): readonly KeyList[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > MAX_ROOT_KEYS) throw refuse('not root keys')
  const lists = value.map(parseKeyList)
  const all = lists.flat().map(feedIdOf)
  if (new Set(all).size !== all.length) throw refuse('one key twice in root keys')
  return lists
}

/** Runs the checks in order. @throws ProtocolError E_SIGNATURE, E_ALGORITHM */
export function verifySignatures(checks: readonly SignatureCheck[]): void {
  for (const check of checks) {
    refuseUnknownAlgorithm(check.alg)
    if (!verifyEd25519(check.publicKey, check.message, check.signature)) throw invalid()
  }
}

/** As verifySignatures, on the thread pool. */
export async function verifySignaturesOnPool(checks: readonly SignatureCheck[]): Promise<void> {
  for (const check of checks) {
    refuseUnknownAlgorithm(check.alg)
    if (!(await verifyEd25519OnPool(check.publicKey, check.message, check.signature))) throw invalid()
  }
}

function parseKey(value: unknown): readonly [number, Uint8Array] {
  if (!Array.isArray(value) || value.length !== 2) throw refuse('not a key')
  const [alg, key] = value as unknown[]
  if (typeof alg !== 'number' || !Number.isInteger(alg) || alg < 1 || alg > 255) throw refuse('not an algorithm')
  if (!(key instanceof Uint8Array) || key.length < 1 || key.length > MAX_PUBLIC_KEY_BYTES) throw refuse('not a key')
  if (alg === ED25519 && key.length !== ED25519_KEY_BYTES) throw refuse('not an Ed25519 key')
  return [alg, key]
}

function refuseUnknownAlgorithm(alg: number): void {
  if (alg !== ED25519) throw new ProtocolError('E_ALGORITHM', `no implementation of algorithm ${alg}`)
}

function refuse(what: string): ProtocolError {
  return new ProtocolError('E_RECORD', what)
}

function invalid(): ProtocolError {
  return new ProtocolError('E_SIGNATURE', 'signature not valid')
}
