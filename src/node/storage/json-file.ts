import { randomUUID } from 'node:crypto'
import { lstat, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { z } from 'zod'
import { readErrorOf, StorageError, systemCodeOf, writeErrorOf } from './errors.ts'
import { MAX_STATE_FILE_BYTES } from './limits.ts'

/**
 * Reads a JSON document of local state, or null when the file does not exist.
 * @throws StorageError E_FILE_CORRUPT when it is too large, no JSON, or does not fit the schema; E_FILE when it cannot be read.
 */
export async function readJsonFile<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readText(path)
  if (text === null) return null
  const parsed = schema.safeParse(parseJson(path, text))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = issue === undefined ? '' : ` at ${issue.path.join('.') || 'its root'}: ${issue.message}`
  throw corruptFile(path, `does not fit its schema${place}`)
}

/** Moves a file that is not what it should be out of the way, to be looked at by people; returns its new path. */
export async function setAside(path: string): Promise<string> {
  const aside = `${path}.corrupt-${Date.now()}`
  await rename(path, aside)
  await syncFolder(dirname(path))
  return aside
}

/** Replaces a JSON document atomically; see `replaceFile`. */
export function replaceJsonFile(path: string, value: unknown, mode = 0o600): Promise<void> {
  return replaceFile(path, Buffer.from(`${JSON.stringify(value, null, 2)}\n`), mode)
}

/**
 * Replaces a file so that a crash leaves the old or the new bytes, never a mixture: write beside, fsync, rename, fsync the folder.
 * @throws StorageError E_DISK_FULL with the old file untouched.
 */
export async function replaceFile(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  try {
    await writeSynced(beside, bytes, mode)
    await rename(beside, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(beside, { force: true }).catch(() => {}) // what failed first is what counts
    throw writeErrorOf(error, path)
  }
}

/** Makes a folder's entries (creations and renames in it) survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

async function writeSynced(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  await using file = await open(path, 'wx', mode)
  await file.writeFile(bytes)
  await file.chmod(mode)
  await file.sync()
}

/** A home's file as text, or null when there is none; a link to nowhere is one that cannot be read. @throws StorageError E_FILE, E_FILE_CORRUPT for one larger than any of a home */
export async function readText(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path)
    if (size > MAX_STATE_FILE_BYTES) throw corruptFile(path, `is larger than ${MAX_STATE_FILE_BYTES} bytes`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' && !(await isThere(path))) return null
    throw readErrorOf(error, path)
  }
}

/** Whether anything has this name, a link to nowhere included. */
export async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    error => systemCodeOf(error) !== 'ENOENT',
  )
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw corruptFile(path, text.trim() === '' ? 'is empty' : 'is not JSON', cause)
  }
}

/** Nothing goes on with what such a file said before: what a person decided is never dropped unasked. */
function corruptFile(path: string, what: string, cause?: unknown): StorageError {
  return new StorageError('E_FILE_CORRUPT', `${path} ${what}`, {
    cause,
    hint: 'put a copy back (hanse backup keeps one); or go on without it: hanse doctor --repair puts it aside',
  })
}
