import { encode } from '@ipld/dag-cbor'
import { z } from 'zod'
import { parseCanonical, viewCanonical } from './canonical.ts'
import { ProtocolError } from './errors.ts'
import type { FeedId, PublisherId, RecordId } from './ids.ts'
import type { FeedHead } from './record.ts'
import { MAX_MESSAGE_ITEMS } from './wire/limits.ts'

/** Publishers one feed request may name: 15 kB of ids, and a bound on the store reads one request causes. */
export const MAX_ASKED_PUBLISHERS = 256
/** Bytes of one feed request: 256 publisher ids with room. */
const MAX_FEED_REQUEST_BYTES = 32 * 1024
/** Heads in one part of a reply: about 100 kB. */
export const MAX_HEADS_IN_PART = 512
/** Bytes of one reply part: the stream's frame limit. */
const MAX_FEED_PART_BYTES = 1024 * 1024 + 64 * 1024
/** Records in one range (specification section 11). */
export const MAX_FEED_RANGE_RECORDS = 1000
/** Bytes of envelopes in one range, more only for a single record. */
export const MAX_FEED_RANGE_BYTES = 1024 * 1024

/** Publishers in one page of a list: about 60 kB. */
export const MAX_LISTED_PUBLISHERS = 1024
/** Characters of a boot id. */
const MAX_BOOT_LENGTH = 36
/** What a HELLO says of an answerer that knows `heads-since` and `publishers`. */
export const HEADS_SINCE_FEATURE = 'heads-since'
/** What a HELLO says of an answerer that knows `enoughBytes`. */
export const RANGE_ENOUGH_FEATURE = 'range-enough'

const recordId = z.string().regex(/^bafyrei[a-z2-7]{52}$/)
const feedId = z.string().regex(/^(root|[0-9a-f]{66})$/)
const seq = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
const publishers = z.array(recordId).min(1).max(MAX_ASKED_PUBLISHERS)
const cookieFields = { boot: z.string().min(1).max(MAX_BOOT_LENGTH), at: z.int().min(0) }

const requestSchema = z.discriminatedUnion('ask', [
  z.strictObject({ ask: z.literal('heads'), publishers }),
  z.strictObject({ ask: z.literal('subscribe'), publishers }),
  z.strictObject({
    ask: z.literal('heads-since'),
    publishers: z.array(recordId).max(MAX_ASKED_PUBLISHERS),
    all: z.boolean(),
    since: z.strictObject(cookieFields).nullable(),
  }),
  z.strictObject({ ask: z.literal('publishers'), after: recordId.nullable() }),
  z.strictObject({
    ask: z.literal('range'),
    publisher: recordId,
    feed: feedId,
    from: seq,
    to: recordId,
    enoughBytes: z.int().min(1).max(MAX_FEED_RANGE_BYTES).exactOptional(),
  }),
])
const headsSchema = z.array(z.tuple([recordId, feedId, seq, recordId])).max(MAX_HEADS_IN_PART)
const endSchema = z.strictObject({ ...cookieFields, whole: z.boolean() })
const listSchema = z.array(recordId).max(MAX_LISTED_PUBLISHERS)
const rangeSchema = z.array(z.instanceof(Uint8Array)).max(MAX_FEED_RANGE_RECORDS)

/** What a peer may ask on `/hanse/<net>/feed/1`. `subscribe` is `heads` that goes on: later parts name changed heads. */
export type FeedRequest =
  | { readonly ask: 'heads' | 'subscribe'; readonly publishers: readonly PublisherId[] }
  /** What changed since a cookie was given; without one that is still known, whole heads of the named publishers. */
  | {
      readonly ask: 'heads-since'
      readonly publishers: readonly PublisherId[]
      /** Beside the named publishers all that the asked peer lists. */
      readonly all: boolean
      readonly since: HeadCookie | null
    }
  /** A page of the publishers with public releases, by id, after one. */
  | { readonly ask: 'publishers'; readonly after: PublisherId | null }
  | {
      readonly ask: 'range'
      readonly publisher: PublisherId
      readonly feed: FeedId
      /** First sequence number wanted. */
      readonly from: number
      /** The head the chain ends at, as the asked peer named it. */
      readonly to: RecordId
      /** The record by which the envelopes have so many bytes ends the answer; absent: only the bounds of an answer do. */
      readonly enoughBytes?: number
    }

/** A moment of one run of a peer, opaque to who is given it: what changed since can be asked for. */
export interface HeadCookie {
  readonly boot: string
  readonly at: number
}

/** The last message of an answer to `heads-since`. */
export interface HeadsSinceEnd extends HeadCookie {
  /** The heads before it are all of the named publishers, of others none; else what changed since the cookie. */
  readonly whole: boolean
}

/** Encodes a feed request. */
export const encodeFeedRequest = (request: FeedRequest): Uint8Array => encode(request)

/** Parses a peer's feed request; null if it is not one. */
export const parseFeedRequest = (bytes: Uint8Array): FeedRequest | null =>
  parse(bytes, MAX_FEED_REQUEST_BYTES, requestSchema) as FeedRequest | null

/** Encodes heads as the parts of a reply, at least one. */
export function encodeHeads(heads: readonly FeedHead[]): Uint8Array[] {
  const parts: Uint8Array[] = []
  for (let i = 0; i === 0 || i < heads.length; i += MAX_HEADS_IN_PART)
    parts.push(encode(heads.slice(i, i + MAX_HEADS_IN_PART).map(h => [h.publisher, h.feed, h.seq, h.id])))
  return parts
}

/** Parses one part of a heads reply; null if it is not one. */
export function parseHeads(bytes: Uint8Array): FeedHead[] | null {
  const rows = parse(bytes, MAX_FEED_PART_BYTES, headsSchema)
  return rows?.map(([publisher, feed, at, id]) => ({ publisher, feed, seq: at, id }) as FeedHead) ?? null
}

/** Encodes the last message of an answer to `heads-since`. */
export const encodeHeadsSinceEnd = (end: HeadsSinceEnd): Uint8Array => encode(end)

/** Parses one message of an answer to `heads-since`: heads, or its end; null if it is neither. */
export const parseHeadsSince = (bytes: Uint8Array): FeedHead[] | HeadsSinceEnd | null =>
  parseHeads(bytes) ?? parse(bytes, MAX_FEED_PART_BYTES, endSchema)

/** Encodes one page of publishers. */
export const encodePublishers = (ids: readonly PublisherId[]): Uint8Array => encode(ids)

/** Parses one page of publishers; null if it is not one. */
export const parsePublishers = (bytes: Uint8Array): PublisherId[] | null =>
  parse(bytes, MAX_FEED_PART_BYTES, listSchema) as PublisherId[] | null

/** Encodes a range reply: one part. */
export const encodeRange = (envelopes: readonly Uint8Array[]): Uint8Array => encode(envelopes)

/** Parses a range reply into its envelopes, views into its bytes and not yet verified; null if it is not one. */
export const parseRange = (bytes: Uint8Array): Uint8Array[] | null =>
  parse(bytes, MAX_FEED_PART_BYTES, rangeSchema, viewCanonical)

type Decode = (bytes: Uint8Array, maxBytes: number, maxItems: number) => unknown

function parse<T>(
  bytes: Uint8Array,
  maxBytes: number,
  schema: z.ZodType<T>,
  decode: Decode = parseCanonical,
): T | null {
  try {
    return schema.safeParse(decode(bytes, maxBytes, MAX_MESSAGE_ITEMS)).data ?? null
  } catch (error) {
    if (error instanceof ProtocolError) return null
    throw error
  }
}
