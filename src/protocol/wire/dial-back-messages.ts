import * as z from 'zod'
import { encodeBody } from './body.ts'
import { MAX_DIALLED_ADDRESSES, MAX_REQUEST_BYTES } from './limits.ts'
import { parseMessage } from './message.ts'

const addresses = z.array(z.string().min(1).max(256)).max(MAX_DIALLED_ADDRESSES)
const requestSchema = z.object({ ask: z.literal('dial'), addresses: addresses.min(1) })
const answerSchema = z.object({ reached: addresses, failed: addresses })

/** What came of dialling an asker back: multiaddrs that led to it, and that did not; others were not tried. */
export type DialBackAnswer = z.output<typeof answerSchema>

/** Bytes of a request to be dialled at these multiaddrs. */
export function encodeDialBackRequest(addresses: readonly string[]): Uint8Array {
  return encodeBody({ ask: 'dial', addresses })
}
/** The multiaddrs at which a peer wants to be dialled; throws `E_MESSAGE`. */
export function parseDialBackRequest(bytes: Uint8Array): readonly string[] {
  return parseMessage('dial-back request', requestSchema, bytes, MAX_REQUEST_BYTES).addresses
}
/** Bytes of the one message of the answer. */
export function encodeDialBackAnswer({ reached, failed }: DialBackAnswer): Uint8Array {
  return encodeBody({ reached, failed })
}
/** What a peer says came of it; throws `E_MESSAGE`. */
export function parseDialBackAnswer(bytes: Uint8Array): DialBackAnswer {
  return parseMessage('dial-back answer', answerSchema, bytes, MAX_REQUEST_BYTES)
}
