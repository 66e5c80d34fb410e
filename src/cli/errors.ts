/** Codes the CLI itself raises; those of a node are passed on as they came. */
export type CliErrorCode =
  | 'E_USAGE'
  | 'E_NO_NODE'
  | 'E_NETWORK'
  | 'E_PLAIN_HTTP'
  | 'E_NOT_FOUND'
  | 'E_ARTIFACT_ALTERED'
  | `E_ARCHIVE_${string}`
  | 'E_PURL'
  | 'E_FILE_NAME'
  | 'E_FILE'
  | 'E_FILE_EXISTS'
  | 'E_NPM'
  | 'E_INTERRUPTED'
  | 'E_BAD_ANSWER'

export interface ErrorDetail {
  readonly cause?: unknown
  readonly hint?: string
}

/** What went wrong in the CLI, with the command that would help as `hint`. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode
  readonly hint?: string

  constructor(code: CliErrorCode, message: string, { cause, hint }: ErrorDetail = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    if (hint !== undefined) this.hint = hint
  }
}

/** An error that a node answered with; its code comes from the node. */
export class AnsweredError extends Error {
  override readonly name = 'AnsweredError'
  readonly code: string
  readonly hint?: string

  constructor(code: string, message: string, hint?: string) {
    super(message)
    this.code = code
    if (hint !== undefined) this.hint = hint
  }
}

/** What every front shows of an error. */
export interface ErrorReport {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** The report of anything thrown; without a code of its own it is `E_INTERNAL`. */
export function errorReportOf(error: unknown): ErrorReport {
  if (!(error instanceof Error)) return { code: 'E_INTERNAL', message: String(error) }
  if (error.name === 'AbortError') return { code: 'E_INTERRUPTED', message: 'interrupted' }
  const { code, hint } = error as { code?: unknown; hint?: unknown }
  return {
    code: typeof code === 'string' && code.startsWith('E_') ? code : 'E_INTERNAL',
    message: error.message,
    ...(typeof hint === 'string' ? { hint } : {}),
  }
}
