import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { z } from 'zod'
import { StorageError, systemCodeOf, writeErrorOf } from './errors.ts'
import { MAX_STATE_FILE_BYTES } from './limits.ts'

/**
 * Reads a JSON document of local state, or null when the file does not exist.
 * @throws StorageError E_FILE_CORRUPT when it is too large, no JSON, or does not fit the schema.
 */
export async function readJsonFile<T>(path: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readBounded(path)
  if (text === null) return null
  const parsed = schema.safeParse(parseJson(path, text))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const place = issue === undefined ? '' : ` at ${issue.path.join('.') || 'its root'}: ${issue.message}`
  throw new StorageError('E_FILE_CORRUPT', `${path} does not fit its schema${place}`)
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
    await rm(beside, { force: true })
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

async function readBounded(path: string): Promise<string | null> {
  try {
    const { size } = await stat(path)
    if (size > MAX_STATE_FILE_BYTES)
      throw new StorageError('E_FILE_CORRUPT', `${path} is larger than ${MAX_STATE_FILE_BYTES} bytes`)
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw error
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new StorageError('E_FILE_CORRUPT', `${path} is not JSON`, { cause })
  }
}
