import { readBunLock, withoutTrailingCommas } from './bun-lock.ts'
import { MAX_JSON_BYTES } from './limits.ts'
import { isObject, type LockedRelease, type LockedReleases, unreadable } from './locked-release.ts'
import { readNpmLock } from './npm-lock.ts'
import { readPnpmLock } from './pnpm-lock.ts'
import { readBerryLock, readYarn1Lock } from './yarn-lock.ts'

/** What a lock file names. */
export interface LockFile {
  readonly client: 'npm' | 'pnpm' | 'yarn' | 'bun'
  /** Each release of a registry once. */
  readonly releases: readonly LockedRelease[]
  /** Entries that are none: workspaces, files, git, what another package bundles. */
  readonly skipped: number
}

/** Reads a lock file of npm, pnpm, yarn or bun, told apart by what is in it. @throws NodeError E_USAGE */
export function readLockFile(text: string): LockFile {
  if (/^\s*\{/.test(text)) return readJsonLock(text)
  if (/^__metadata:/m.test(text)) return lockFileOf('yarn', readBerryLock(text))
  if (/^lockfileVersion:/m.test(text)) return lockFileOf('pnpm', readPnpmLock(text))
  if (/^# yarn lockfile v1$/m.test(text)) return lockFileOf('yarn', readYarn1Lock(text))
  if (text.startsWith('#!/usr/bin/env bun\nbun-lockfile-format')) {
    throw unreadable('bun wrote it as binary; bun install --save-text-lockfile makes a bun.lock')
  }
  throw unreadable('it is none that is known')
}

function readJsonLock(text: string): LockFile {
  if (Buffer.byteLength(text) > MAX_JSON_BYTES) throw unreadable(`it is larger than ${MAX_JSON_BYTES} bytes`)
  const document = parseJson(text)
  if (!isObject(document)) throw unreadable('it is no object')
  return isObject(document.workspaces) && !isObject(document.dependencies)
    ? lockFileOf('bun', readBunLock(document))
    : lockFileOf('npm', readNpmLock(document))
}

/** npm's files are JSON; what is only nearly JSON may be bun's. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Read again below.
  }
  try {
    return JSON.parse(withoutTrailingCommas(text))
  } catch (cause) {
    throw unreadable('it is no JSON', cause)
  }
}

const lockFileOf = (client: LockFile['client'], releases: LockedReleases): LockFile => ({
  client,
  releases: releases.list(),
  skipped: releases.skipped,
})
