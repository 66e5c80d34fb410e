import * as z from 'zod'
import { HEADS_SINCE_FEATURE, RANGE_ENOUGH_FEATURE } from '../feed-wire.ts'
import { encodeBody } from './body.ts'
import { MAX_FRAME_BYTES, MAX_HELLO_BYTES, WIRE_VERSION } from './limits.ts'
import { parseMessage } from './message.ts'

/** The first frame each way: what a side speaks; unknown features are ignored. */
export interface Hello {
  readonly version: number
  readonly features: readonly string[]
  /** Longest frame this side reads, bytes. */
  readonly maxFrame: number
}

const helloSchema = z.object({
  version: z.int().min(1),
  features: z.array(z.string().max(32)).max(32),
  maxFrame: z.int().min(1024),
})

/** What this node answers beyond the first version; a peer that names none of it is asked without. */
const FEATURES = [HEADS_SINCE_FEATURE, RANGE_ENOUGH_FEATURE]

/** This node's HELLO. */
export function encodeHello(): Uint8Array {
  return encodeBody({ version: WIRE_VERSION, features: FEATURES, maxFrame: MAX_FRAME_BYTES } satisfies Hello)
}

/** A peer's HELLO; throws `E_MESSAGE`. */
export function parseHello(bytes: Uint8Array): Hello {
  return parseMessage('HELLO', helloSchema, bytes, MAX_HELLO_BYTES)
}
