import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeErrorOf } from './errors.ts'
import { syncFolder } from './json-file.ts'

/** One change of policy, route, relation, key or token: when, by whom, what, and whatever names the thing changed. */
export interface AuditEvent {
  /** Time of the change, ms since 1970. */
  readonly at: number
  /** Who asked: `cli`, a token's name, `node`. */
  readonly who: string
  /** What was done: `relation.allow`, `route.add`, `key.export`. */
  readonly what: string
  readonly [detail: string]: string | number | boolean | null | readonly string[]
}

/** An append-only file of JSON lines (DESIGN section 6). */
export interface AuditLog extends AsyncDisposable {
  /** Appends one line; resolves once it is on disk. @throws StorageError E_DISK_FULL with no half line left. */
  append(event: AuditEvent): Promise<void>
}

/** Opens the audit log at `path`, creating it with mode 0600, and ends a line that a crash cut off. */
export async function openAuditLog(path: string): Promise<AuditLog> {
  const file = await openFile(path)
  let last: Promise<void> = Promise.resolve()
  return {
    append(event) {
      const written = last.then(() => appendLine(file, path, `${JSON.stringify(event)}\n`))
      last = written.catch(() => {})
      return written
    },
    async [Symbol.asyncDispose]() {
      await last
      await file.close()
    },
  }
}

/** @throws StorageError E_FILE, E_DISK_FULL */
async function openFile(path: string): Promise<FileHandle> {
  await using opened = new AsyncDisposableStack()
  try {
    const file = opened.use(await open(path, 'a+', 0o600))
    await endBrokenLine(file)
    await syncFolder(dirname(path))
    opened.move()
    return file
  } catch (error) {
    throw writeErrorOf(error, path)
  }
}

async function endBrokenLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat()
  if (size === 0) return
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1)
  if (buffer[0] !== 0x0a) await file.appendFile('\n')
}

async function appendLine(file: FileHandle, path: string, line: string): Promise<void> {
  const { size } = await file.stat()
  try {
    await file.appendFile(line)
    await file.datasync()
  } catch (error) {
    await file.truncate(size).catch(() => {})
    throw writeErrorOf(error, `a line of ${path}`)
  }
}
