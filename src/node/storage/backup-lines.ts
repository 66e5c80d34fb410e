import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { readErrorOf, StorageError } from './errors.ts'
import { MAX_BACKUP_LINE_BYTES, MAX_BACKUP_LINES } from './limits.ts'

/** Version of the backup format that this program writes. */
export const BACKUP_FORMAT = 1

const bytes = z.base64().transform(text => new Uint8Array(Buffer.from(text, 'base64')))
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** One line of a backup: a JSON object with one key that says what it is. */
const backupLine = z.union([
  z.strictObject({
    backup: z.strictObject({
      format: z.int().positive(),
      publisher: z.string().regex(/^b[a-z2-7]{58}$/),
      at: z.int().nonnegative(),
    }),
  }),
  z.strictObject({ keys: bytes }),
  z.strictObject({ state: z.strictObject({ name: z.string().regex(/^[a-z][a-z0-9.-]{0,63}$/), bytes }) }),
  z.strictObject({ record: bytes }),
  z.strictObject({ artifact: z.strictObject({ sha256, size: z.int().nonnegative() }) }),
  z.strictObject({ chunk: bytes }),
  z.strictObject({ end: z.strictObject({ lines: z.int().positive(), sha256 }) }),
])
export type BackupLine = z.infer<typeof backupLine>

/**
 * The lines of a backup file, each parsed, the last one the trailer whose count and digest were compared with what came before.
 * @throws StorageError E_BACKUP_CORRUPT, E_BACKUP_NEWER, E_FILE
 */
export async function* readBackupLines(file: string): AsyncGenerator<BackupLine> {
  const digest = createHash('sha256')
  let lines = 0
  let ended = false
  for await (const text of splitLines(file)) {
    if (ended) throw corrupt('has lines after its trailer')
    const line = parseLine(text)
    if ('backup' in line !== (lines === 0)) throw corrupt('does not begin with one header')
    if ('backup' in line && line.backup.format > BACKUP_FORMAT) {
      throw new StorageError(
        'E_BACKUP_NEWER',
        `the backup has format ${line.backup.format}, this program knows ${BACKUP_FORMAT}`,
        { hint: 'restore it with the newer hanse that wrote it' },
      )
    }
    if ('end' in line) {
      ended = true
      if (line.end.lines !== lines || line.end.sha256 !== digest.digest('hex'))
        throw corrupt('does not match its trailer')
    } else digest.update(text).update('\n')
    if (++lines > MAX_BACKUP_LINES) throw corrupt('has too many lines')
    yield line
  }
  if (!ended) throw corrupt('ends before its trailer')
}

function parseLine(text: string): BackupLine {
  try {
    return backupLine.parse(JSON.parse(text))
  } catch (cause) {
    throw corrupt('has a line that is none of a backup', cause)
  }
}

async function* splitLines(file: string): AsyncGenerator<string> {
  const unpacked = new PassThrough()
  const failed = pipeline(createReadStream(file), createGunzip(), unpacked).catch((error: unknown) => error)
  let rest: Buffer[] = []
  let restBytes = 0
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      let from = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, end)]).toString()
        rest = []
        restBytes = 0
        from = end + 1
      }
      rest.push(chunk.subarray(from))
      restBytes += chunk.length - from
      if (restBytes > MAX_BACKUP_LINE_BYTES) throw corrupt('has a line that is too long')
    }
  } catch (error) {
    const unreadable = readErrorOf(error, file)
    throw unreadable instanceof StorageError ? unreadable : corrupt('is no gzip file', error)
  } finally {
    unpacked.destroy()
    await failed
  }
  if (restBytes > 0) throw corrupt('ends in the middle of a line')
}

/** The error for a backup that cannot be trusted as a whole. */
export function corrupt(what: string, cause?: unknown): StorageError {
  return new StorageError('E_BACKUP_CORRUPT', `the backup ${what}`, {
    cause,
    hint: 'restore another copy of the backup',
  })
}
