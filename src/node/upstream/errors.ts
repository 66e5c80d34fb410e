/** The closed set of codes an UpstreamError carries. */
export type UpstreamErrorCode =
  /** It cannot be reached, or failed so lately that it is not asked. */
  | 'E_UPSTREAM_DOWN'
  /** It answered that it cannot answer now (5xx, 429). */
  | 'E_UPSTREAM_FAILED'
  /** It was reached and did not answer in time. */
  | 'E_UPSTREAM_TIMEOUT'
  /** It refused this node (401, 403, 407, 451). */
  | 'E_UPSTREAM_REFUSED'
  /** It answered with something no registry answers. */
  | 'E_UPSTREAM_ANSWER'
  /** Its document of a package is not one. */
  | 'E_UPSTREAM_DOCUMENT'
  /** It sent more bytes than are taken. */
  | 'E_UPSTREAM_TOO_LARGE'
  /** It sent fewer bytes than it said. */
  | 'E_UPSTREAM_TRUNCATED'
  /** A tarball's bytes are not those its document names. */
  | 'E_DIGEST_MISMATCH'

/** What an UpstreamError may carry beside its code and message. */
export interface UpstreamErrorOptions {
  readonly cause?: unknown
  readonly hint?: string
}

/** An upstream that did not give what was asked of it: a closed code, a sentence, and a hint for people. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly code: UpstreamErrorCode
  readonly hint?: string

  constructor(code: UpstreamErrorCode, message: string, options: UpstreamErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.hint !== undefined) this.hint = options.hint
  }
}
