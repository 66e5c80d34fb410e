import * as z from 'zod'
import { encodeArtifactRequest, parseArtifactRequest } from './artifact-request.ts'
import { encodeBody } from './body.ts'
import { MAX_CONTENT_CIDS, MAX_CONTENT_LEAVES, MAX_REQUEST_BYTES } from './limits.ts'
import { blockField, parseMessage } from './message.ts'

const requestSchema = z.discriminatedUnion('ask', [
  z.object({
    ask: z.literal('artifact'),
    root: blockField,
    from: z.int().min(0).max(MAX_CONTENT_LEAVES),
    count: z.int().min(0).max(MAX_CONTENT_LEAVES),
  }),
  z.object({ ask: z.literal('blocks'), cids: z.array(blockField).min(1).max(MAX_CONTENT_CIDS) }),
])

/**
 * What a node asks on the content stream. `artifact`: the root block as one message if the root is dag-pb and `from`
 * is 0, then the bytes of `count` leaves from index `from`, in order, in messages of any length. `blocks`: one
 * message for each id in order, see `encodeBlockAnswer`.
 */
export type ContentRequest = z.output<typeof requestSchema>

/** Bytes of a content request. */
export function encodeContentRequest(request: ContentRequest): Uint8Array {
  return (request.ask === 'artifact' ? encodeArtifactRequest(request) : null) ?? encodeBody(request)
}
/** A peer's content request; throws `E_MESSAGE`. */
export function parseContentRequest(bytes: Uint8Array): ContentRequest {
  return parseArtifactRequest(bytes) ?? parseMessage('content request', requestSchema, bytes, MAX_REQUEST_BYTES)
}

/** One block of an answer to `blocks`: a byte 1 and the block, or a byte 0 for one that is not there for this peer. */
export function encodeBlockAnswer(block: Uint8Array | null): Uint8Array {
  if (block === null) return Uint8Array.of(0)
  const bytes = new Uint8Array(1 + block.byteLength)
  bytes[0] = 1
  bytes.set(block, 1)
  return bytes
}
/** The block of an answer to `blocks`: null is not there, `'malformed'` is no answer. */
export function parseBlockAnswer(bytes: Uint8Array): Uint8Array | null | 'malformed' {
  if (bytes[0] === 1) return bytes.subarray(1)
  return bytes[0] === 0 && bytes.byteLength === 1 ? null : 'malformed'
}
