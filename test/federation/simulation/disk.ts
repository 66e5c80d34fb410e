import type { Table, TableName, Write } from '../../../src/node/storage/level-database.ts'
import { LevelDatabase } from '../../../src/node/storage/level-database.ts'
import type { World } from './world.ts'

type Content = Map<string, Uint8Array>
type Contents = Map<string, Content>
type Put = Write & { readonly sublevel: unknown }
type Bounds = {
  readonly gte?: string
  readonly gt?: string
  readonly lt?: string
  readonly lte?: string
  readonly limit?: number
}

interface Batch {
  readonly writes: readonly Write[]
  readonly isSynced: boolean
}

/** Longest time that one batch takes, ms. */
const SLOWEST_MS = 30

/**
 * The disk of one node as LevelDB leaves it at a power cut: a batch is whole or not there, the batches keep their order, one that
 * was written with `sync` is safe with all before it once it is acknowledged, and of those behind it any number is lost.
 */
export class SimulatedDisk {
  readonly #world: World
  /** What a power cut leaves. */
  #safe: Contents = new Map()
  /** What reads see. */
  #seen: Contents = new Map()
  /** Written, not synced. */
  #tail: Batch[] = []
  /** On its way to the disk. */
  #inFlight: Batch[] = []
  #openings = 0
  #watched: { others: number; readonly action: () => void } | null = null

  constructor(world: World) {
    this.#world = world
  }

  /** Opens the database as it is now; whatever had it open before can neither read nor write any more. */
  open(): LevelDatabase {
    const opening = ++this.#openings
    const isOpen = () => opening === this.#openings
    const level = {
      batch: (writes: readonly Put[], { sync = false } = {}) => this.#write(isOpen, { writes, isSynced: sync }),
      snapshot: () => ({ [Symbol.asyncDispose]: async () => {} }),
      close: async () => {},
    }
    const tables = { get: (name: TableName) => this.#table(name, isOpen) }
    return new LevelDatabase(level as never, tables as never, 'a simulated disk', async () => Number.POSITIVE_INFINITY)
  }

  /** The power is cut: what was not acknowledged is lost or not, from some batch on. */
  crash(): void {
    this.#openings++
    const doubtful = [...this.#tail, ...this.#inFlight]
    for (const batch of doubtful.slice(0, Math.floor(this.#world.random() * (doubtful.length + 1))))
      apply(this.#safe, batch)
    this.#tail = []
    this.#inFlight = []
    this.#seen = copyOf(this.#safe)
  }

  /** Calls `action` while the batch is on its way that comes after so many others. */
  whileWriting(others: number, action: () => void): void {
    this.#watched = { others, action }
  }

  /** A copy of what a power cut would leave now, for `restore`. */
  backup(): Contents {
    return copyOf(this.#safe)
  }

  /** Puts an older copy in the place of all that is there. */
  restore(backup: Contents): void {
    this.crash()
    this.#safe = copyOf(backup)
    this.#seen = copyOf(backup)
  }

  async #write(isOpen: () => boolean, batch: Batch): Promise<void> {
    this.#inFlight.push(batch)
    this.#tellWatcher()
    await new Promise<void>(resolve => this.#world.after(this.#world.random() * SLOWEST_MS, resolve))
    if (!isOpen()) throw new Error('the database is closed')
    this.#inFlight.splice(this.#inFlight.indexOf(batch), 1)
    apply(this.#seen, batch)
    this.#tail.push(batch)
    if (!batch.isSynced) return
    for (const written of this.#tail.splice(0)) apply(this.#safe, written)
  }

  #tellWatcher(): void {
    if (this.#watched === null || this.#watched.others-- > 0) return
    const { action } = this.#watched
    this.#watched = null
    this.#world.after(0, action)
  }

  #table(name: TableName, isOpen: () => boolean): Pick<Table, 'get' | 'getSync' | 'getMany'> {
    const content = () => {
      if (!isOpen()) throw new Error('the database is closed')
      return this.#seen.get(name) ?? new Map<string, Uint8Array>()
    }
    const table = {
      get: async (key: string) => content().get(key),
      getSync: (key: string) => content().get(key),
      getMany: async (keys: readonly string[]) => keys.map(key => content().get(key)),
      iterator: (bounds: Bounds = {}) => listing(entriesIn(content(), bounds)),
      keys: (bounds: Bounds = {}) => listing(entriesIn(content(), bounds).map(([key]) => key)),
    }
    return table as never
  }
}

function listing<T>(items: readonly T[]) {
  return {
    all: async () => items,
    async *[Symbol.asyncIterator]() {
      yield* items
    },
  }
}

function entriesIn(content: Content, { gte, gt, lt, lte, limit }: Bounds): [string, Uint8Array][] {
  const isMeant = (key: string) =>
    (gte === undefined || key >= gte) &&
    (gt === undefined || key > gt) &&
    (lt === undefined || key < lt) &&
    (lte === undefined || key <= lte)
  return [...content]
    .filter(([key]) => isMeant(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit)
}

function apply(contents: Contents, { writes }: Batch): void {
  for (const write of writes) {
    const table = contents.get(write.table) ?? new Map<string, Uint8Array>()
    contents.set(write.table, table)
    if (write.type === 'put') table.set(write.key, write.value)
    else table.delete(write.key)
  }
}

const copyOf = (contents: Contents): Contents =>
  new Map([...contents].map(([name, content]) => [name, new Map(content)]))
