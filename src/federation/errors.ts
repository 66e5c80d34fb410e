/**
 * Every way the federation layer fails, as a closed list; the last word says who has to act. A module that needs
 * another code adds its line here.
 */
export type FederationErrorCode =
  // A peer ended our request with this status.
  | 'E_NOT_FOUND'
  | 'E_REFUSED'
  | 'E_BUSY'
  | 'E_BAD_REQUEST'
  | 'E_CANCELLED'
  | 'E_TOO_LARGE'
  | 'E_PEER_FAILED'
  | 'E_STALLED'
  // The way to the peer.
  | 'E_PEER_UNREACHABLE'
  | 'E_STREAM_CLOSED'
  | 'E_FIRST_BYTE_LATE'
  | 'E_TOO_SLOW'
  | 'E_PEER_SILENT'
  | 'E_PROTOCOL_VIOLATION'
  // Artifacts and blocks.
  | 'E_ARTIFACT_ALTERED'
  | 'E_NO_PROVIDER'
  // Records and feeds.
  | 'E_FEED_CLONED'
  // Local.
  | 'E_STORE_FAILED'
  | 'E_HASHING_FAILED'
  | 'E_VERIFYING_FAILED'
  | 'E_CLOSED'

/** The one error class of `src/federation`; `hint` says what a person can do, `cause` keeps what happened below. */
export class FederationError extends Error {
  override readonly name = 'FederationError'
  readonly code: FederationErrorCode
  readonly hint?: string

  constructor(code: FederationErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.hint !== undefined) this.hint = options.hint
  }
}
