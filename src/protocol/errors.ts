/** Every reason for which the protocol ring refuses a value; closed, so that callers can switch over it. */
export type ProtocolErrorCode =
  /** Bytes outside the dag-cbor profile (section 1). */
  | 'E_ENCODING'
  /** Text that is not NFC of Unicode 17.0, or has code points unassigned there (section 1.3). */
  | 'E_TEXT'
  /** Containers nested deeper than MAX_DEPTH. */
  | 'E_DEPTH'
  /** Larger than its limit (section 5). */
  | 'E_SIZE'
  /** A string that is not an id of the kind asked for. */
  | 'E_ID'
  /** An envelope of another shape, or with a signature too many, too few, twice or of unknown key (section 3). */
  | 'E_ENVELOPE'
  /** A signature that does not verify under the strict rule (section 2). */
  | 'E_SIGNATURE'
  /** An algorithm number without an implementation here. */
  | 'E_ALGORITHM'
  /** A payload whose frame does not have the fields of section 4. */
  | 'E_RECORD'
  /** A format version other than 1. */
  | 'E_VERSION'
  /** Made for another network. */
  | 'E_OTHER_NETWORK'
  /** A feed rule broken: gap, wrong predecessor, wrong writer. */
  | 'E_FEED'
  /** Two valid payloads for one place of a feed. */
  | 'E_FORK'
  /** A body that does not fit the schema of its kind (section 4.4). */
  | 'E_BODY'
  /** A wire message or announcement of another shape. */
  | 'E_MESSAGE'
  /** A name, purl, pattern, range or version that does not parse. */
  | 'E_PURL'
  | 'E_PATTERN'
  | 'E_RANGE'
  /** Routes and relations. */
  | 'E_ROUTE'
  | 'E_ROUTE_TAKEN'
  | 'E_NO_ROUTE'
  | 'E_AMBIGUOUS'
  | 'E_RELATION'
  /** An artifact or block whose bytes do not have the digest it is named by. */
  | 'E_DIGEST'
  /** This program and its runtime disagree with the embedded vectors. */
  | 'E_SELF_TEST'

/** Whether a later version of the format may have made what was refused: who sent it did no wrong. */
export function isOfLaterVersion(error: unknown): boolean {
  return error instanceof ProtocolError && (error.code === 'E_VERSION' || error.code === 'E_ALGORITHM')
}

/** A value from outside that this protocol refuses; `code` says why, `hint` what a person can do. */
export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode
  readonly hint?: string

  constructor(code: ProtocolErrorCode, message: string, options: { cause?: unknown; hint?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'ProtocolError'
    this.code = code
    if (options.hint !== undefined) this.hint = options.hint
  }
}
