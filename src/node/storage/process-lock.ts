import { createHash, randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { readErrorOf, StorageError, systemCodeOf, writeErrorOf } from './errors.ts'

/** The process that holds a lock: its pid, and the moment it started as the kernel tells it ('' where there is no /proc). */
interface Holder {
  readonly pid: number
  readonly started: string
}

/** Attempts to take a lock; each failure means another process had it and let go of it at the same moment. */
const MAX_ATTEMPTS = 5

/**
 * Takes the lock file at `path` for this process until disposed; a lock left by a dead process is taken over.
 * @throws StorageError E_HOME_IN_USE naming the pid of the process that has it; E_FILE, E_DISK_FULL where none can be made.
 */
export async function takeProcessLock(path: string): Promise<AsyncDisposable> {
  const started = (await startOf(process.pid)) ?? ''
  // No two takings have the same text: who read that of a dead one is not misled by a later one.
  await take(path, JSON.stringify({ pid: process.pid, started, taking: randomUUID() }))
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
}

async function take(path: string, own: string): Promise<void> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    if (await mayCreate(path, own)) return
    const text = await readIfThere(path)
    if (text === null) continue
    const holder = parseHolder(text)
    if (holder !== null && (await isAlive(holder))) throw inUse(holder.pid)
    if (await succeed(path, text, own)) return
  }
  throw new StorageError('E_HOME_IN_USE', 'another process is taking this home at the same moment')
}

/** Replaces a dead lock, if it is still there. Only who holds the lock named after the dead one does so, one process at a time. */
async function succeed(path: string, dead: string, own: string): Promise<boolean> {
  const succession = `${path}.${createHash('sha256').update(dead).digest('hex').slice(0, 16)}`
  await take(succession, own)
  try {
    if ((await readIfThere(path)) !== dead) return false
    await write(path, own, beside => rename(beside, path))
    return true
  } catch (error) {
    throw writeErrorOf(error, path)
  } finally {
    await rm(succession, { force: true })
  }
}

/** The error for a home that another process has open; `pid` null when it cannot be told. */
export function inUse(pid: number | null): StorageError {
  const who = pid === null ? 'another process' : `process ${pid}`
  return new StorageError('E_HOME_IN_USE', `this home is in use by ${who}`, {
    hint: 'stop that node, or choose another home with --home DIR',
  })
}

/** Creates the lock with its content in one step: a link either makes the whole file or fails. */
async function mayCreate(path: string, content: string): Promise<boolean> {
  try {
    await write(path, content, beside => link(beside, path))
    return true
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false
    throw writeErrorOf(error, path)
  }
}

/** Writes a whole file beside `path`, which `put` then makes it. */
async function write(path: string, content: string, put: (beside: string) => Promise<void>): Promise<void> {
  const beside = `${path}.${randomUUID()}`
  try {
    await writeFile(beside, content, { mode: 0o600, flag: 'wx' })
    await put(beside)
  } finally {
    await rm(beside, { force: true }).catch(() => {}) // what failed first is what counts
  }
}

function parseHolder(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return null
    const { pid, started } = value as Record<string, unknown>
    return Number.isSafeInteger(pid) && (pid as number) > 0 && typeof started === 'string'
      ? { pid: pid as number, started }
      : null
  } catch {
    return null
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (systemCodeOf(error) === 'ESRCH') return false
  }
  return (await startOf(holder.pid)) === holder.started
}

/** Boot id and start tick of a process: a pid is used again, this pair is not. Null for one that ended and was not waited for. */
async function startOf(pid: number): Promise<string | null> {
  const [boot, stat] = await Promise.all([
    readIfThere('/proc/sys/kernel/random/boot_id'),
    readIfThere(`/proc/${pid}/stat`),
  ])
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  if (boot === null || fields === undefined) return ''
  // proc(5): fields 3 state, 20 num_threads, 22 starttime. Threads of a killed process end, and let go of its files, one by one.
  const isGone = /[ZX]/.test(fields[0] ?? '') && Number(fields[17]) <= 1
  return isGone ? null : `${boot.trim()} ${fields[19] ?? ''}`
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT' || systemCodeOf(error) === 'ESRCH') return null
    throw readErrorOf(error, path)
  }
}
