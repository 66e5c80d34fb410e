import { createHash } from 'node:crypto'
import { encode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import {
  ED25519,
  encodeCanonical,
  type FeedHead,
  type FeedId,
  feedIdOf,
  HEAD_DOMAIN,
  RECORD_DOMAIN,
  type RecordId,
  type SignatureDomain,
  signedBytesOf,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { NET, type Publisher } from './cast.ts'

/** A record that no honest node may ever hold. */
export interface InvalidRecord {
  readonly what: string
  readonly head: FeedHead
  readonly envelope: Uint8Array
  /** Whoever gets it alone in a range can prove that its sender lies. */
  readonly isProof: boolean
}

/** The neutral point: a key under which everything is signed by the neutral point and zero. */
const SMALL_ORDER_KEY = Uint8Array.of(1, ...new Uint8Array(31))
const SMALL_ORDER_SIGNATURE = Uint8Array.of(...SMALL_ORDER_KEY, ...new Uint8Array(32))

interface Forgery {
  readonly publisher: Publisher
  readonly feed?: FeedId
  readonly prev: WellFormedRecord | null
  readonly tag: string
  readonly net?: string
  /** The network that the signature names. */
  readonly signedFor?: string
  readonly domain?: SignatureDomain
  readonly encodePayload?: (fields: Readonly<Record<string, unknown>>) => Uint8Array
  readonly signature?: (bytes: Uint8Array) => Uint8Array
  /** Sequence number beyond the one after `prev`. */
  readonly ahead?: number
}

/** The delegate of a feed whose key has small order: valid itself. */
export const smallOrderDelegateOf = (publisher: Publisher): WellFormedRecord => publisher.delegateTo(SMALL_ORDER_KEY)

/** One record of each kind that is refused, in the feeds of a publisher of which all follow `chain` and the small-order delegate. */
export function invalidRecordsOf(
  publisher: Publisher,
  stranger: Publisher,
  chain: readonly WellFormedRecord[],
): InvalidRecord[] {
  const last = chain.at(-1)!
  const next = { publisher, prev: last }
  const smallOrder = {
    publisher,
    prev: null,
    feed: feedIdOf([ED25519, SMALL_ORDER_KEY]),
    signature: () => SMALL_ORDER_SIGNATURE,
  }
  const forge = (what: string, forgery: Omit<Forgery, 'tag'>, isProof = true) => ({
    what,
    isProof,
    ...forged({ ...forgery, tag: what }),
  })
  return [
    forge('a broken signature', { ...next, signature: bytes => flipped(publisher.sign(bytes)) }),
    forge('fields in another order', { ...next, encodePayload: encodeBackwards }),
    forge('another network', { ...next, net: 'other' }),
    forge('another network than its signature', { ...next, net: 'other', signedFor: NET }),
    forge('a signature made for heads', { ...next, domain: HEAD_DOMAIN }),
    forge('a key of small order', smallOrder),
    forge('a predecessor further back', { ...next, prev: chain.at(-2)!, ahead: 1 }, false),
    forge('a sequence number that is taken', { ...next, ahead: -1 }, false),
    forge(
      'a feed that nobody delegated',
      { ...next, feed: stranger.feed, prev: null, signature: bytes => stranger.sign(bytes) },
      false,
    ),
    usurped(publisher, stranger),
  ]
}

function usurped(publisher: Publisher, stranger: Publisher): InvalidRecord {
  const { feed, seq, id, envelope } = stranger.usurp(publisher.genesis)
  return {
    what: "a stranger's root record",
    head: { publisher: publisher.id, feed, seq, id },
    envelope,
    isProof: false,
  }
}

function forged({ publisher, prev, tag, ahead = 0, ...forgery }: Forgery): { head: FeedHead; envelope: Uint8Array } {
  const { net = NET, domain = RECORD_DOMAIN, encodePayload = encodeCanonical, feed = publisher.feed } = forgery
  const seq = (prev?.seq ?? 0) + 1 + ahead
  const payload = encodePayload({
    v: 1,
    net,
    pub: CID.parse(publisher.id),
    feed: Buffer.from(feed, 'hex'),
    seq,
    prev: prev && CID.parse(prev.id),
    typ: 'prophecy',
    ts: 1_750_000_000_000,
    auth: CID.parse(publisher.delegate.id),
    by: null,
    body: { tag },
  })
  const sign = forgery.signature ?? ((bytes: Uint8Array) => publisher.sign(bytes))
  const signature = sign(signedBytesOf(forgery.signedFor ?? net, payload, domain))
  const digest = createHash('sha256').update(payload).digest()
  const id = CID.createV1(0x71, create(0x12, digest)).toString() as RecordId
  return {
    head: { publisher: publisher.id, feed, seq, id },
    envelope: encodeCanonical({ p: payload, s: [[1, 0, signature]] }),
  }
}

/** The same map with its fields in another order than the one encoding has. */
function encodeBackwards(fields: Readonly<Record<string, unknown>>): Uint8Array {
  const entries = Object.entries(fields).sort(([a], [b]) => b.length - a.length || (a < b ? 1 : -1))
  return Buffer.concat([
    Uint8Array.of(0xa0 + entries.length),
    ...entries.flatMap(([key, value]) => [encode(key), encode(value)]),
  ])
}

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[40]! ^= 1
  return copy
}
