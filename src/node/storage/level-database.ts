import type { ClassicLevel } from 'classic-level'
import { isDiskFull, MAKE_ROOM, StorageError } from './errors.ts'
import { DISK_RESERVE_BYTES, MAX_GROUP_COMMIT_BYTES, RIDE_MS } from './limits.ts'

/** The sublevels of a home's database; a table is named here or it does not exist. */
const TABLES = [
  'records',
  'places',
  'feeds',
  'blocks',
  'artifacts',
  'own',
  'pulled',
  'listed',
  'cached',
  'foreign',
  'foreignOrder',
  'state',
  'index',
  'upstream',
  'advisories',
  'installs',
] as const
export type TableName = (typeof TABLES)[number]
/** One sublevel: text keys, byte values. */
export type Table = ReturnType<typeof openTable>

/** One write of a commit. */
export type Write =
  | { readonly type: 'put'; readonly table: TableName; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly table: TableName; readonly key: string }

/** Which keys a scan gives, and of which moment. */
export interface ScanBounds {
  readonly gte?: string
  readonly gt?: string
  readonly lt?: string
  readonly lte?: string
  readonly limit?: number
  /** What is read from the disk at once; absent: 16 KiB. */
  readonly highWaterMarkBytes?: number
  readonly snapshot?: ReturnType<LevelDatabase['snapshot']>
}

/**
 * LevelDB with group commit: writes that arrive while one is on its way to the disk share the next, and `commit` resolves
 * only after its bytes were synced. After a failed write all later ones are refused until restart, because the tail of
 * LevelDB's log is then unknown and opening it again is what repairs it; reads go on.
 */
export class LevelDatabase implements AsyncDisposable {
  /** Group commits done, for metrics and tests. */
  groups = 0
  readonly #level: ClassicLevel<string, Uint8Array>
  readonly #tables: ReadonlyMap<TableName, Table>
  /** Where it is. */
  readonly folder: string
  readonly #freeBytes: (folder: string) => Promise<number>
  #waiting: Waiting[] = []
  #riding: Waiting[] = []
  #flushing: Promise<void> | null = null
  #departure: NodeJS.Timeout | null = null
  #failure: StorageError | null = null

  /** Use `openLevelDatabase`. */
  constructor(
    level: ClassicLevel<string, Uint8Array>,
    tables: ReadonlyMap<TableName, Table>,
    folder: string,
    freeBytes: (folder: string) => Promise<number>,
  ) {
    this.#level = level
    this.#tables = tables
    this.folder = folder
    this.#freeBytes = freeBytes
  }

  /** A table to read from; write through `commit` alone. */
  table(name: TableName): Table {
    return this.#tables.get(name)!
  }

  /** Keys and values of a table within bounds, ascending. */
  scan(name: TableName, bounds: ScanBounds = {}): AsyncIterable<[string, Uint8Array]> {
    return this.table(name).iterator(bounds)
  }

  /** A view of all tables at this moment, to pass to reads as `{ snapshot }`; close it. */
  snapshot() {
    return this.#level.snapshot()
  }

  /**
   * Writes all of `writes` or none; resolves once they would survive a power cut. Commits keep their order.
   * @throws StorageError E_DISK_FULL, or E_STORAGE_FAILED after an earlier failure.
   */
  commit(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return Promise.resolve()
    const written = waitIn(this.#waiting, writes)
    this.#flushing ??= this.#flush()
    return written
  }

  /**
   * As `commit`, of what can be made anew from what is written already: it goes with the next commit, before it, or by itself after
   * `RIDE_MS`. A synced write costs the same however much it holds. On a full disk it goes on waiting.
   */
  ride(writes: readonly Write[]): Promise<void> {
    if (writes.length === 0) return Promise.resolve()
    const written = waitIn(this.#riding, writes)
    this.#departure ??= setTimeout(() => void this.#depart(), RIDE_MS)
    return written
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushing
    if (this.#riding.length > 0) this.#flushing ??= this.#flush()
    await this.#flushing
    await this.#level.close()
  }

  /** What rides goes now, or right after the write that is under way. */
  async #depart(): Promise<void> {
    await this.#flushing
    if (this.#departure !== null) this.#flushing ??= this.#flush()
  }

  async #flush(): Promise<void> {
    do {
      if (this.#departure !== null) clearTimeout(this.#departure)
      this.#departure = null
      const riders = this.#riding.splice(0)
      const group = this.#nextGroup()
      try {
        await this.#write([...riders, ...group].flatMap(waiting => waiting.writes))
        for (const waiting of [...riders, ...group]) waiting.resolve()
      } catch (error) {
        for (const waiting of group) waiting.reject(error)
        this.#leftBehind(riders, error)
      }
    } while (this.#waiting.length > 0)
    this.#flushing = null
  }

  /** What rode with a write that failed waits for the next one while there is none yet, and is not much. */
  #leftBehind(riders: readonly Waiting[], error: unknown): void {
    const bytes = riders.reduce((sum, each) => sum + each.bytes, 0)
    if (this.#failure === null && bytes <= MAX_GROUP_COMMIT_BYTES) this.#riding.unshift(...riders)
    else for (const { reject } of riders) reject(error)
  }

  /** As many waiting commits as fit one batch, at least one. */
  #nextGroup(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const waiting of this.#waiting) {
      bytes += waiting.bytes
      if (count > 0 && bytes > MAX_GROUP_COMMIT_BYTES) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  async #write(writes: readonly Write[]): Promise<void> {
    if (this.#failure !== null) throw this.#failure
    await this.#requireRoom()
    try {
      await this.#level.batch(
        writes.map(write => ({ ...write, sublevel: this.table(write.table) })),
        { sync: true },
      )
      this.groups++
    } catch (cause) {
      this.#failure = failureOf(cause)
      throw this.#failure
    }
  }

  /** Refuses a write before LevelDB sees it when the disk is nearly full: a log torn by ENOSPC needs a restart. */
  async #requireRoom(): Promise<void> {
    if ((await this.#freeBytes(this.folder)) >= DISK_RESERVE_BYTES) return
    throw new StorageError('E_DISK_FULL', `less than ${DISK_RESERVE_BYTES} bytes are free: nothing was written`, {
      hint: MAKE_ROOM,
    })
  }
}

function waitIn(queue: Waiting[], writes: readonly Write[]): Promise<void> {
  return new Promise((resolve, reject) => {
    queue.push({ writes, bytes: bytesOf(writes), resolve, reject })
  })
}

interface Waiting {
  readonly writes: readonly Write[]
  readonly bytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** The tables of an open database, open themselves. */
export async function openTables(level: ClassicLevel<string, Uint8Array>): Promise<ReadonlyMap<TableName, Table>> {
  const tables = new Map(TABLES.map(name => [name, openTable(level, name)]))
  // Tables open a tick later than the database: who reads synchronously must find them open.
  await Promise.all([...tables.values()].map(table => table.open()))
  return tables
}

function openTable(level: ClassicLevel<string, Uint8Array>, name: TableName) {
  return level.sublevel<string, Uint8Array>(name, { keyEncoding: 'utf8', valueEncoding: 'view' })
}

/** The same bytes as a plain Uint8Array: LevelDB and files hand out Buffers, which compare and print differently. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function bytesOf(writes: readonly Write[]): number {
  return writes.reduce((sum, write) => sum + write.key.length + (write.type === 'put' ? write.value.length : 0), 0)
}

function failureOf(cause: unknown): StorageError {
  const hint = 'restart the node: opening the database again repairs its log'
  if (isDiskFull(cause))
    return new StorageError('E_DISK_FULL', 'the disk is full: nothing was written', { cause, hint })
  return new StorageError('E_STORAGE_FAILED', 'the database could not write', { cause, hint })
}
