export type { LockedRelease } from './locked-release.ts'
export { type LockFile, readLockFile } from './read-lock-file.ts'
