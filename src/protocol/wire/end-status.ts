/** How a request ended, in the order of its code on the wire: the closed list of END. */
const STATUSES = [
  'ok',
  'not-found',
  'refused',
  'busy',
  'bad-request',
  'cancelled',
  'too-large',
  'failed',
  'stalled',
] as const

/** How a request ended. `not-found` also stands for what may not be served, so that nobody learns what exists. */
export type EndStatus = (typeof STATUSES)[number]

/** Payload of an END frame: the status as one byte. */
export function encodeEnd(status: EndStatus): Uint8Array {
  return Uint8Array.of(STATUSES.indexOf(status))
}

/** Status of an END payload; a code that this version does not know counts as `failed`, null is no END. */
export function parseEnd(payload: Uint8Array): EndStatus | null {
  if (payload.byteLength !== 1) return null
  return STATUSES[payload[0] ?? 0] ?? 'failed'
}
