import * as z from 'zod'
import { MAX_NODE_RECORD_BYTES } from '../limits.ts'
import { encodeBody } from './body.ts'
import { MAX_ASKED_MIRRORS, MAX_ASKED_NODES, MAX_PAYLOAD_BYTES, MAX_REQUEST_BYTES } from './limits.ts'
import { bytesField, parseMessage, publisherField } from './message.ts'

const requestSchema = z.object({
  ask: z.literal('nodes'),
  count: z.int().min(1).max(MAX_ASKED_NODES),
  mirrors: z.array(publisherField).max(MAX_ASKED_MIRRORS).optional(),
})
const answerSchema = z.object({ records: z.array(bytesField(MAX_NODE_RECORD_BYTES)).max(MAX_ASKED_NODES) })

/** Asks for at most `count` node records; with `mirrors` only for those of nodes that mirror one of these publishers. */
export type NodesRequest = z.output<typeof requestSchema>

/** Bytes of a request for node records. */
export function encodeNodesRequest({ ask, count, mirrors }: NodesRequest): Uint8Array {
  return encodeBody(mirrors === undefined ? { ask, count } : { ask, count, mirrors })
}
/** A peer's request for node records; throws `E_MESSAGE`. */
export function parseNodesRequest(bytes: Uint8Array): NodesRequest {
  return parseMessage('nodes request', requestSchema, bytes, MAX_REQUEST_BYTES)
}
/** Bytes of the one message of an answer: sealed node records, the answerer's own first. */
export function encodeNodes(records: readonly Uint8Array[]): Uint8Array {
  return encodeBody({ records })
}
/** A peer's answer, its records not yet opened; throws `E_MESSAGE`. */
export function parseNodes(bytes: Uint8Array): readonly Uint8Array[] {
  return parseMessage('nodes', answerSchema, bytes, MAX_PAYLOAD_BYTES).records
}
