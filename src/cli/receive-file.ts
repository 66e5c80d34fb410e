import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Readable } from 'node:stream'
import { CliError } from './errors.ts'

export interface Received {
  readonly size: number
  readonly sha256: string
}

export interface ReceiveOptions {
  /** Lower-case hex; other bytes are refused with `E_ARTIFACT_ALTERED`. */
  readonly sha256?: string
  readonly mode?: number
  readonly signal?: AbortSignal
}

/** Writes a stream to `path`, whole and checked or not at all; creates the folder. */
export async function receiveFile(stream: Readable, path: string, options: ReceiveOptions = {}): Promise<Received> {
  const partial = join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID()}.partial`)
  try {
    await makeFolder(dirname(path))
    const file = await open(partial, 'wx', options.mode ?? 0o644)
    let received: Received
    try {
      received = await writeChecked(stream, file, options)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
    return received
  } catch (cause) {
    stream.destroy() // a stream nobody reads would keep its connection, and this process, until the node gives up
    await rm(partial, { force: true }).catch(() => {}) // what failed first is what counts
    throw cause instanceof CliError ? cause : receiveErrorOf(cause, path, options.signal)
  }
}

/**
 * Makes a folder and those above it. The first is made alone, because Node's recursive mkdir never returns where a folder exists
 * that takes no others, such as /proc.
 */
async function makeFolder(path: string): Promise<void> {
  const [first] = await missingFrom(path)
  if (first === undefined) return
  await mkdir(first).catch(error => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  })
  await mkdir(path, { recursive: true })
}

/** The folders of a path that are not there, topmost first. */
async function missingFrom(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => null)
  return found !== null || dirname(path) === path ? [] : [...(await missingFrom(dirname(path))), path]
}

async function writeChecked(stream: Readable, file: FileHandle, { sha256, signal }: ReceiveOptions): Promise<Received> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    signal?.throwIfAborted()
    hash.update(chunk)
    size += chunk.byteLength
    await file.writeFile(chunk)
  }
  const found = hash.digest('hex')
  if (sha256 !== undefined && found !== sha256) {
    throw new CliError('E_ARTIFACT_ALTERED', `expected sha256 ${sha256}, received ${found}; nothing was written`)
  }
  return { size, sha256: found }
}

function receiveErrorOf(cause: unknown, path: string, signal: AbortSignal | undefined): CliError {
  if (signal?.aborted) return new CliError('E_INTERRUPTED', 'interrupted', { cause })
  const { code } = cause as NodeJS.ErrnoException
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') {
    const hint = 'try again; where it was the node that broke it off, its log says why'
    return new CliError('E_NETWORK', 'the connection to the node broke', { cause, hint })
  }
  return new CliError('E_FILE', `${path} cannot be written`, {
    cause,
    hint: 'choose a folder that this user may write to, on a disk with room',
  })
}
