import { CodedError } from '../coded-error.ts'

/** The closed set of codes a StorageError carries. */
export type StorageErrorCode =
  | 'E_HOME_IN_USE'
  | 'E_HOME_NEWER'
  | 'E_HOME_CORRUPT'
  | 'E_DISK_FULL'
  | 'E_STORAGE_FAILED'
  | 'E_RECORD_CORRUPT'
  | 'E_ARTIFACT_MISMATCH'
  | 'E_ARTIFACT_INCOMPLETE'
  | 'E_QUOTA_EXCEEDED'
  | 'E_PURGED'
  | 'E_FILE'
  | 'E_FILE_CORRUPT'
  | 'E_BACKUP_CORRUPT'
  | 'E_BACKUP_NEWER'

/** An unexpected outcome of the disk. */
export class StorageError extends CodedError<StorageErrorCode> {
  override readonly name = 'StorageError'
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

/** What to do about a full disk. */
export const MAKE_ROOM = 'free some space on the disk that holds the home, then try again'

/** Why the operating system refuses a file, in words; what is not here is no refusal but a fault. */
const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['EACCES', 'this user may not'],
  ['EPERM', 'this user may not'],
  ['EROFS', 'the disk is read-only'],
  ['EISDIR', 'it is a folder'],
  ['ERR_FS_EISDIR', 'it is a folder'],
  ['ENOTDIR', 'a part of its path is no folder'],
  ['ENOTEMPTY', 'a folder is in its place'],
  ['EEXIST', 'something else is in its place'],
  ['ENOENT', 'its place, or what it links to, is not there'],
  ['ELOOP', 'it is a link that leads to itself'],
  ['ENAMETOOLONG', 'its name is too long'],
  ['EFBIG', 'a limit on the size of files'],
  ['EIO', 'the disk failed'],
])

/** The error to throw for a failed write of `what`: E_DISK_FULL for a full disk, E_FILE for a place that takes none, else the error itself. */
export function writeErrorOf(error: unknown, what: string): unknown {
  if (error instanceof StorageError) return error
  if (isDiskFull(error)) {
    return new StorageError('E_DISK_FULL', `the disk is full: ${what} was not written`, {
      cause: error,
      hint: MAKE_ROOM,
    })
  }
  const why = REFUSALS.get(systemCodeOf(error) ?? '')
  if (why === undefined) return error
  return new StorageError('E_FILE', `${what} cannot be written: ${why}`, { cause: error, hint: OWNERSHIP_HINT })
}

/** The error to throw for a failed read of the home's file at `path`: E_FILE for one that is there and cannot be read, else the error itself. */
export function readErrorOf(error: unknown, path: string): unknown {
  const why = REFUSALS.get(systemCodeOf(error) ?? '')
  if (error instanceof StorageError || why === undefined) return error
  return new StorageError('E_FILE', `${path} cannot be read: ${why}`, { cause: error, hint: OWNERSHIP_HINT })
}

const OWNERSHIP_HINT = 'give it to the user that runs hanse, or move away what is in its place'
