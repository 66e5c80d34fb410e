/** The closed set of codes a StorageError carries. */
export type StorageErrorCode =
  | 'E_HOME_IN_USE'
  | 'E_HOME_NEWER'
  | 'E_HOME_CORRUPT'
  | 'E_DISK_FULL'
  | 'E_STORAGE_FAILED'
  | 'E_RECORD_CORRUPT'
  | 'E_RECORD_INVALID'
  | 'E_ARTIFACT_MISMATCH'
  | 'E_ARTIFACT_INCOMPLETE'
  | 'E_QUOTA_EXCEEDED'
  | 'E_FILE_CORRUPT'
  | 'E_BACKUP_CORRUPT'
  | 'E_BACKUP_NEWER'

/** What a StorageError may carry beside its code and message. */
export interface StorageErrorOptions {
  readonly cause?: unknown
  readonly hint?: string
}

/** An unexpected outcome of the disk: a closed code, a sentence, and a hint for people. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: StorageErrorCode
  readonly hint?: string

  constructor(code: StorageErrorCode, message: string, options: StorageErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    if (options.hint !== undefined) this.hint = options.hint
  }
}

/** The operating system's code of an error (`ENOENT`, `ENOSPC`), or undefined. */
export function systemCodeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return typeof code === 'string' ? code : undefined
}

/** Whether the disk, or this user's share of it, is full; LevelDB says so only in its text. */
export function isDiskFull(error: unknown): boolean {
  const code = systemCodeOf(error)
  if (code === 'ENOSPC' || code === 'EDQUOT') return true
  if (!(error instanceof Error)) return false
  return /no space left on device|quota exceeded/i.test(error.message) || isDiskFull(error.cause)
}

/** The error to throw for a failed write of `what`: E_DISK_FULL for a full disk, else the error itself. */
export function writeErrorOf(error: unknown, what: string): unknown {
  if (error instanceof StorageError || !isDiskFull(error)) return error
  return new StorageError('E_DISK_FULL', `the disk is full: ${what} was not written`, {
    cause: error,
    hint: 'free some space on the disk that holds the home, then try again',
  })
}
