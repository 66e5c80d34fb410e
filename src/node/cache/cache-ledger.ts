import type { Sha256 } from '../../protocol/index.ts'
import type { LevelDatabase, StoredArtifact, Write } from '../storage/index.ts'

/** Uses remembered before they are written: a few MB, and minutes of a busy node. */
const MAX_NOTED = 20_000

/** Bytes of an upstream that are kept here. */
export interface CachedBytes {
  readonly sha256: Sha256
  /** Bytes. */
  readonly size: number
  /** Ms since 1970. */
  readonly usedAt: number
}

export interface CacheLedgerOptions {
  readonly database: LevelDatabase
  /** What is held of a sha-256 marked as pulled, or null. */
  readonly held: (sha256: Sha256) => Promise<StoredArtifact | null>
  /** Ms since 1970. */
  readonly now: () => number
}

/**
 * What is cached of upstreams, and when it was last used: table `cached`. Uses are noted in memory and written together, so
 * that none costs a write of its own; a crash forgets the last of them. That bytes are an upstream's is said by the table
 * `pulled` alone: this one is made true again by `reconcile`.
 */
export class CacheLedger {
  readonly #options: CacheLedgerOptions
  readonly #noted = new Map<Sha256, CachedBytes | 'used'>()
  readonly #usedAt = new Map<Sha256, number>()
  #flushing: Promise<void> = Promise.resolve()
  /** What came while `reconcile` counts. */
  #arrivals: Map<Sha256, CachedBytes> | null = null
  #bytes = 0
  #count = 0

  constructor(options: CacheLedgerOptions) {
    this.#options = options
  }

  /** Bytes kept, without what is still being counted after a start. */
  get bytes(): number {
    return this.#bytes
  }

  get count(): number {
    return this.#count
  }

  /** Bytes that came from an upstream, also when they were here already. */
  async kept({ sha256, size }: StoredArtifact): Promise<void> {
    const isKnown = (await this.#options.database.table('cached').get(sha256)) !== undefined
    if (isKnown || typeof this.#noted.get(sha256) === 'object') return this.used(sha256)
    const entry = { sha256, size, usedAt: this.#options.now() }
    this.#noted.set(sha256, entry)
    this.#usedAt.set(sha256, entry.usedAt)
    this.#arrivals?.set(sha256, entry)
    this.#bytes += size
    this.#count++
    this.#flushIfMany()
  }

  used(sha256: Sha256): void {
    this.#usedAt.set(sha256, this.#options.now())
    if (!this.#noted.has(sha256)) this.#noted.set(sha256, 'used')
    this.#flushIfMany()
  }

  /** Writes what was noted, in one commit. @throws StorageError E_DISK_FULL */
  flush(): Promise<void> {
    const flushed = this.#flushing.then(() => this.#write())
    this.#flushing = flushed.catch(() => {})
    return flushed
  }

  /** Everything kept, as it is now. */
  async entries(): Promise<CachedBytes[]> {
    await this.flush()
    const all: CachedBytes[] = []
    for await (const [sha256, value] of this.#options.database.scan('cached')) {
      const entry = parseEntry(sha256 as Sha256, value)
      if (entry !== null) all.push({ ...entry, usedAt: this.#usedAt.get(entry.sha256) ?? entry.usedAt })
    }
    return all
  }

  /** Forgets bytes that are gone or nobody's cache any more. */
  async forget(gone: readonly CachedBytes[]): Promise<void> {
    await this.#options.database.commit(gone.map(({ sha256 }) => ({ type: 'del', table: 'cached', key: sha256 })))
    for (const { size, sha256 } of gone) {
      this.#noted.delete(sha256)
      this.#usedAt.delete(sha256)
      this.#bytes -= size
      this.#count--
    }
  }

  /** Counts what is kept; enters what is marked as pulled and missing here, drops what is not pulled or not held. */
  async reconcile(signal: AbortSignal): Promise<void> {
    const { database } = this.#options
    const arrivals = new Map<Sha256, CachedBytes>()
    this.#arrivals = arrivals
    const known = new Map((await this.entries()).map(entry => [entry.sha256, entry]))
    const counted: CachedBytes[] = []
    for await (const key of database.table('pulled').keys()) {
      signal.throwIfAborted()
      const entry = known.get(key as Sha256) ?? (await this.#entered(key as Sha256))
      known.delete(key as Sha256)
      if (entry !== null && !arrivals.has(entry.sha256)) counted.push(entry)
    }
    const stale = [...known.keys()].filter(sha256 => !arrivals.has(sha256))
    await database.commit(stale.map(key => ({ type: 'del', table: 'cached', key })))
    const all = [...counted, ...arrivals.values()]
    this.#arrivals = null
    this.#bytes = all.reduce((sum, { size }) => sum + size, 0)
    this.#count = all.length
  }

  /** Bytes that a crash or an older program left without an entry. */
  async #entered(sha256: Sha256): Promise<CachedBytes | null> {
    const artifact = await this.#options.held(sha256)
    if (artifact === null) return null
    const entry = { sha256, size: artifact.size, usedAt: this.#options.now() }
    if (!this.#noted.has(sha256)) this.#noted.set(sha256, entry)
    return entry
  }

  #flushIfMany(): void {
    if (this.#noted.size < MAX_NOTED) return
    // A disk that takes nothing loses times of use, which is all that is lost.
    this.flush().catch(() => {
      this.#noted.clear()
      this.#usedAt.clear()
    })
  }

  async #write(): Promise<void> {
    const noted = new Map(this.#noted)
    if (noted.size === 0) return
    const uses = new Map(this.#usedAt)
    const keys = [...noted.keys()]
    const stored = await this.#options.database.table('cached').getMany(keys)
    const writes = keys.flatMap((sha256, at): Write[] => {
      const note = noted.get(sha256)!
      const value = stored[at]
      const entry = note !== 'used' ? note : value === undefined ? null : parseEntry(sha256, value)
      if (entry === null) return []
      const text = `${entry.size} ${uses.get(sha256) ?? entry.usedAt}`
      return [{ type: 'put', table: 'cached', key: sha256, value: Buffer.from(text) }]
    })
    await this.#options.database.commit(writes)
    for (const [sha256, note] of noted) if (this.#noted.get(sha256) === note) this.#noted.delete(sha256)
    for (const [sha256, at] of uses) if (this.#usedAt.get(sha256) === at) this.#usedAt.delete(sha256)
  }
}

function parseEntry(sha256: Sha256, value: Uint8Array): CachedBytes | null {
  const match = /^(\d{1,15}) (\d{1,15})$/.exec(Buffer.from(value).toString())
  return match === null ? null : { sha256, size: Number(match[1]), usedAt: Number(match[2]) }
}
