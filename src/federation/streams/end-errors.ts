import type { EndStatus } from '../../protocol/index.ts'
import { ProtocolError } from '../../protocol/index.ts'
import { FederationError, type FederationErrorCode } from '../errors.ts'

const CODES: Readonly<Record<Exclude<EndStatus, 'ok'>, FederationErrorCode>> = {
  'not-found': 'E_NOT_FOUND',
  refused: 'E_REFUSED',
  busy: 'E_BUSY',
  'bad-request': 'E_BAD_REQUEST',
  cancelled: 'E_CANCELLED',
  'too-large': 'E_TOO_LARGE',
  failed: 'E_PEER_FAILED',
  stalled: 'E_STALLED',
}
const STATUSES = new Map(Object.entries(CODES).map(([status, code]) => [code, status as EndStatus]))

/** The error a request ends with at the asking side. */
export function errorOfEnd(status: Exclude<EndStatus, 'ok'>): FederationError {
  return new FederationError(CODES[status], `peer ended the request: ${status}`)
}

/** The status that tells the asking side of a handler's error; null: it is unexpected, and the asking side learns `failed` alone. */
export function endOfError(error: unknown): EndStatus | null {
  if (error instanceof ProtocolError) return 'bad-request'
  if (!(error instanceof FederationError)) return null
  return STATUSES.get(error.code) ?? 'failed'
}
