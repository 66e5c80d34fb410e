/** What an error may carry beside its code and message. */
interface ErrorDetail {
  readonly cause?: unknown
  /** For people: what to do, as a command where there is one. */
  readonly hint?: string
}

/** An unexpected outcome with a code of its layer's closed set, a sentence, and a hint for people. */
export class CodedError<Code extends string> extends Error {
  readonly code: Code
  readonly hint?: string

  constructor(code: Code, message: string, { cause, hint }: ErrorDetail = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    if (hint !== undefined) this.hint = hint
  }
}
