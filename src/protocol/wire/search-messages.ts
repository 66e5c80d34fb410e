import * as z from 'zod'
import type { PublisherId } from '../ids.ts'
import { heldTagField } from '../schema-fields.ts'
import { encodeBody } from './body.ts'
import {
  HELD_TAG_LENGTH,
  MAX_HELD_TAGS,
  MAX_HIT_ENVELOPES,
  MAX_PAYLOAD_BYTES,
  MAX_QUERY_LENGTH,
  MAX_REQUEST_BYTES,
  MAX_SEARCH_HITS,
  MAX_SEARCH_MS,
} from './limits.ts'
import { bytesField, parseMessage, publisherField, releaseField } from './message.ts'

const requestSchema = z.object({
  query: z.string().min(1).max(MAX_QUERY_LENGTH),
  k: z.int().min(1).max(MAX_SEARCH_HITS),
  deadlineMs: z.int().min(1).max(MAX_SEARCH_MS),
  type: z
    .string()
    .regex(/^[a-z][a-z0-9.+-]{0,31}$/)
    .optional(),
  publisher: publisherField.optional(),
  tellHeld: z.boolean().optional(),
})
const hitSchema = z.object({
  purl: releaseField,
  publisher: publisherField,
  score: z.int().min(0).max(1_000_000),
  envelopes: z.array(bytesField(MAX_PAYLOAD_BYTES)).min(2).max(MAX_HIT_ENVELOPES),
})
const hitsSchema = z.object({
  hits: z.array(hitSchema).max(MAX_SEARCH_HITS),
  held: z.array(heldTagField).max(MAX_HELD_TAGS).optional(),
})

/** A federated search: at most `k` hits within `deadlineMs`, of one purl type or publisher if given; `tellHeld` asks for `held` too. */
export type SearchRequest = z.output<typeof requestSchema>
/**
 * One hit: the score in millionths (the wire has no floats) and the envelopes that prove it, in order genesis,
 * rotates, delegate, release (specification section 13.2); all of it unconfirmed until they are verified.
 */
export type SearchHit = z.output<typeof hitSchema>
/** One message of the answer to a search. */
export interface SearchHits {
  readonly hits: readonly SearchHit[]
  /** Tags of publishers of which the peer holds public packages: a claim, which only orders whom to ask. */
  readonly held?: readonly string[] | undefined
}

/** The end of a publisher's id, enough to tell publishers apart where a mistake costs nothing. */
export function heldTagOf(publisher: PublisherId): string {
  return publisher.slice(-HELD_TAG_LENGTH)
}

/** Bytes of a search request. */
export function encodeSearchRequest(request: SearchRequest): Uint8Array {
  const { type, publisher, tellHeld, ...rest } = request
  const limits = { ...(type === undefined ? {} : { type }), ...(publisher ? { publisher } : {}) }
  return encodeBody({ ...rest, ...limits, ...(tellHeld ? { tellHeld } : {}) })
}
/** A peer's search request; throws `E_MESSAGE`. */
export function parseSearchRequest(bytes: Uint8Array): SearchRequest {
  return parseMessage('search request', requestSchema, bytes, MAX_REQUEST_BYTES)
}
/** Bytes of a hits message. */
export function encodeSearchHits({ hits, held }: SearchHits): Uint8Array {
  return encodeBody(held === undefined ? { hits } : { hits, held })
}
/** A peer's hits message; throws `E_MESSAGE`. */
export function parseSearchHits(bytes: Uint8Array): SearchHits {
  return parseMessage('hits', hitsSchema, bytes, MAX_PAYLOAD_BYTES)
}
