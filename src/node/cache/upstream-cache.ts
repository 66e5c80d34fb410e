import type { Sha256 } from '../../protocol/index.ts'
import type { ArtifactStore } from '../storage/index.ts'
import type { CachedBytes, CacheLedger } from './cache-ledger.ts'
import type { CachePins } from './cache-pins.ts'

/** Share of the bound that is left when the cache was too large, so that it is not cleared for every package. */
const LEFT_SHARE = 0.9
/** What was used so lately is in somebody's hands and stays, also beyond the bound; ms. */
const IN_USE_MS = 60_000
/** How often times of use are written, and a cache beyond its bound is looked at again; ms. */
const FLUSH_MS = 60_000
/** Artifacts removed between two looks at whether the node ends. */
const REMOVED_AT_ONCE = 64

type Artifacts = Pick<ArtifactStore, 'addPulled' | 'open' | 'marks'>

export interface UpstreamCacheOptions {
  readonly artifacts: Artifacts
  /** Removes bytes unless they are this node's own, now or about to be; whether they are gone. */
  readonly remove: (sha256: Sha256) => Promise<boolean>
  readonly ledger: CacheLedger
  readonly pins: CachePins
  /** Bytes kept at most; null: no bound. */
  readonly maxBytes: number | null
  /** What releases of publishers that this node follows name: it is theirs, whoever brought it here. */
  readonly released: () => ReadonlySet<Sha256>
  /** Ms since 1970. */
  readonly now: () => number
  readonly onProblem: (problem: unknown) => void
  /** Told which bytes were let go of. */
  readonly onEvicted?: (gone: ReadonlySet<Sha256>) => Promise<void>
}

/** What `prune` is to let go of: what was not used for so long, then the least used until so many bytes are left. */
export interface PruneRequest {
  readonly unusedMs?: number
  readonly toBytes?: number
  readonly dryRun?: boolean
}

/** What was let go of, or would be. */
export interface Pruned {
  readonly artifacts: number
  readonly bytes: number
}

/** Requests for tarballs that were answered from here, and those that an upstream was asked for, since the start. */
export interface CacheUse {
  hits: number
  misses: number
}

/**
 * The bytes kept of upstreams, within a bound: the least used leave first. Never what this node released, what publishers it
 * follows released, or what is pinned. A reader that has begun reads to its end: a removed file lives as long as it is open.
 */
export class UpstreamCache implements AsyncDisposable {
  readonly #options: UpstreamCacheOptions
  readonly #uses = new Map<string, CacheUse>()
  readonly #closing = new AbortController()
  readonly #timer: NodeJS.Timeout
  #running: Promise<void> | null = null
  /** The last look left more than the bound: all of it is in use or must stay, so the next look waits for the timer. */
  #isStuck = false
  #counting: Promise<void> = Promise.resolve()

  constructor(options: UpstreamCacheOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#tend(), FLUSH_MS)
    this.#timer.unref()
  }

  /** Counts what is here; a start does not wait for it. */
  begin(): void {
    const { ledger, onProblem } = this.#options
    this.#counting = ledger.reconcile(this.#closing.signal).then(
      () => this.#evictIfCrowded(),
      problem => {
        if (!this.#closing.signal.aborted) onProblem(problem)
      },
    )
  }

  get maxBytes(): number | null {
    return this.#options.maxBytes
  }

  /** Uses by upstream. */
  get uses(): ReadonlyMap<string, Readonly<CacheUse>> {
    return this.#uses
  }

  /** Where an upstream keeps its tarballs: what comes is counted, what is read is used. */
  artifactsOf(upstream: string): Pick<ArtifactStore, 'addPulled' | 'open'> {
    const { artifacts, ledger } = this.#options
    const use = this.#uses.get(upstream) ?? { hits: 0, misses: 0 }
    this.#uses.set(upstream, use)
    return {
      addPulled: async source => {
        use.misses++
        const stored = await artifacts.addPulled(source)
        if (await artifacts.marks.isPulled(stored.sha256)) await ledger.kept(stored)
        this.#evictIfCrowded()
        return stored
      },
      open: async id => {
        const held = await artifacts.open(id)
        if (held === null) return null
        use.hits++
        if (/^[0-9a-f]{64}$/.test(id)) ledger.used(id as Sha256)
        return held
      },
    }
  }

  /** Lets go of what the request names, the least used first. */
  async prune({ unusedMs, toBytes, dryRun = false }: PruneRequest): Promise<Pruned> {
    const { ledger, now } = this.#options
    const entries = (await ledger.entries()).toSorted((a, b) => a.usedAt - b.usedAt)
    const total = entries.reduce((sum, { size }) => sum + size, 0)
    const usedBefore = unusedMs === undefined ? Number.NEGATIVE_INFINITY : now() - unusedMs
    let left = total
    const chosen: CachedBytes[] = []
    let released: ReadonlySet<Sha256> | null = null
    for (const entry of entries) {
      const isWanted = entry.usedAt < usedBefore || (toBytes !== undefined && left > toBytes)
      if (!isWanted) continue
      released ??= this.#options.released()
      if (!(await this.#mayGo(entry, released))) continue
      chosen.push(entry)
      left -= entry.size
    }
    if (!dryRun) await this.#remove(chosen)
    return { artifacts: chosen.length, bytes: total - left }
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#counting
    await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#closing.abort()
    await this.settled()
    // A disk that takes nothing loses times of use, nothing else.
    await this.#options.ledger.flush().catch(() => {})
  }

  async #mayGo({ sha256, usedAt }: CachedBytes, released: ReadonlySet<Sha256>): Promise<boolean> {
    const { artifacts, pins, now } = this.#options
    if (now() - usedAt < IN_USE_MS || pins.has(sha256) || released.has(sha256)) return false
    return (await artifacts.marks.isPulled(sha256)) && !(await artifacts.marks.isOwn(sha256))
  }

  async #remove(chosen: readonly CachedBytes[]): Promise<void> {
    const { remove, ledger, onEvicted } = this.#options
    const evicted = new Set<Sha256>()
    for (let at = 0; at < chosen.length && !this.#closing.signal.aborted; at += REMOVED_AT_ONCE) {
      const some = chosen.slice(at, at + REMOVED_AT_ONCE)
      // The mark that they are an upstream's stays: it closes these bytes also if they come again in this moment.
      for (const { sha256 } of some) if (await remove(sha256)) evicted.add(sha256)
      await ledger.forget(some)
    }
    if (evicted.size > 0) await onEvicted?.(evicted)
  }

  #tend(): void {
    this.#options.ledger.flush().catch(this.#options.onProblem)
    this.#isStuck = false
    this.#evictIfCrowded()
  }

  #evictIfCrowded(): void {
    const { maxBytes, ledger, onProblem } = this.#options
    if (maxBytes === null || ledger.bytes <= maxBytes || this.#isStuck) return
    if (this.#running !== null || this.#closing.signal.aborted) return
    this.#running = this.prune({ toBytes: Math.floor(maxBytes * LEFT_SHARE) })
      .then(() => {}, onProblem)
      .finally(() => {
        this.#running = null
        this.#isStuck = ledger.bytes > maxBytes
      })
  }
}
