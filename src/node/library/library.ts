import type { FeedStore } from '../../federation/index.ts'
import {
  CatalogueFold,
  type FeedHead,
  type FeedId,
  type PackageName,
  type PackageState,
  type PublisherId,
  parseUnverifiedRecord,
  type Sha256,
  type TouchedPackage,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { SearchBatchOperation, SearchIndex } from '../index/index.ts'
import { type Damage, type LevelDatabase, OTHER_NETWORK_HINT, type RecordStore, type Write } from '../storage/index.ts'
import { FeedAccess } from './feed-access.ts'
import { HiddenNames } from './hidden-names.ts'
import { IndexKeeper } from './index-keeper.ts'
import { KnownDamage, REPAIR_HINT } from './known-damage.ts'
import { Popularity, type UseSignals } from './popularity.ts'
import { StoredBodies, unlessDamaged } from './stored-bodies.ts'

/** Records folded at once while a library opens: bounds memory, keeps the event loop answering. */
const REFOLD_BATCH = 1_000

export interface LibraryParts {
  readonly net: string
  readonly database: LevelDatabase
  readonly records: RecordStore
  readonly index: SearchIndex
  /** Without them, a package's popularity is its dependents alone. */
  readonly use?: UseSignals
}

/** Told after records were stored, folded and indexed. */
export type LibraryListener = (records: readonly WellFormedRecord[], touched: readonly TouchedPackage[]) => void

/**
 * What a node knows: the stored records, the catalogue they add up to, and the search index over it. Truth is the
 * records; catalogue and index are recomputed from them at every start.
 */
export class Library {
  readonly catalogue: CatalogueFold
  readonly access: FeedAccess
  readonly index: SearchIndex
  readonly records: RecordStore
  readonly popularity: Popularity
  readonly hidden = new HiddenNames()
  readonly #bodies: StoredBodies
  readonly #keeper: IndexKeeper
  readonly #net: string
  readonly #database: LevelDatabase
  /** What is wrong with what is stored, by subject, for /readyz. */
  readonly problems = new Map<string, string>()
  readonly #damage = new KnownDamage(this.problems)
  /** Publishers whose records here were made for another network: kept, and not used. */
  readonly ofOtherNetworks = new Map<PublisherId, string>()
  readonly #listeners = new Set<LibraryListener>()

  private constructor(parts: LibraryParts) {
    this.#net = parts.net
    this.records = parts.records
    this.index = parts.index
    this.#database = parts.database
    const { net, records } = parts
    this.#bodies = new StoredBodies({ net, records, onDamage: damage => this.damaged(damage) })
    this.catalogue = new CatalogueFold(this.#bodies)
    this.access = new FeedAccess(this.catalogue)
    this.popularity = new Popularity(parts.use)
    this.#keeper = new IndexKeeper(this)
  }

  /** Folds all stored records and brings the index in line. @throws StorageError E_RECORD_CORRUPT */
  static async open(parts: LibraryParts): Promise<Library> {
    const library = new Library(parts)
    await library.#refold()
    await library.#written(library.#database.commit((await library.#keeper.reconcile()).map(indexWriteOf)))
    library.catalogue.rest()
    return library
  }

  get store(): FeedStore {
    return this.records
  }

  /** Takes in records that are durable already. */
  absorb(records: readonly WellFormedRecord[]): void {
    for (const record of records) this.#damage.heal(record)
    this.#bodies.next()
    const { touched } = this.catalogue.add(records)
    this.access.add(records)
    this.#writeIndex(this.#keeper.take(touched))
    this.#tell(records, touched)
  }

  /** Forgets a publisher whose records were removed from the store. */
  forget(publisher: PublisherId): void {
    const names = [...(this.catalogue.publisher(publisher)?.packages.keys() ?? [])]
    const touched = names.map(name => ({ publisher, package: name }))
    this.catalogue.remove(publisher)
    this.access.forget(publisher)
    this.#damage.forget(publisher)
    this.#writeIndex(this.#keeper.take(touched))
    this.#tell([], touched)
  }

  /** Ranks packages anew whose use changed; those that do not fit into one write follow with the next change. */
  rerank(names: Iterable<PackageName>): void {
    for (const name of names) this.popularity.move(name)
    this.#writeIndex(this.#keeper.rerank())
  }

  /** Calls `listener` after every change until the answer is called. */
  onChange(listener: LibraryListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves true once `holds` does, at once or after a change; false when the signal aborts first; rejects with what `holds` throws. */
  waitUntil(holds: () => boolean, signal: AbortSignal): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const check = () => {
      try {
        if (holds()) resolve(true)
      } catch (error) {
        reject(error)
      }
    }
    const abort = () => resolve(false)
    const stop = this.onChange(check)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
    check()
    return promise.finally(() => {
      stop()
      signal.removeEventListener('abort', abort)
    })
  }

  /** What is known of a package. @throws StorageError E_RECORD_CORRUPT when one of its records was damaged on disk, which is noted */
  package(publisher: PublisherId, name: PackageName): PackageState | null {
    return this.catalogue.package(publisher, name)
  }

  /** The digest of the catalogue; null while a record that it needs is damaged. */
  digest(): Sha256 | null {
    return unlessDamaged(() => this.catalogue.digest())
  }

  /** Publishers with a live release of a package, and those of whom that cannot be told because a record is damaged. */
  publishersOf(name: PackageName): readonly PublisherId[] {
    return this.catalogue.publishersOf(name).filter(publisher => {
      const state = unlessDamaged(() => ({ releases: this.package(publisher, name)?.releases.values() ?? [] }))
      return state === null || [...state.releases].some(release => release.state === 'live')
    })
  }

  /** Records of public feeds that were lost here and that a peer may bring. */
  lostHeads(publisher: PublisherId): readonly FeedHead[] {
    return this.#damage.lostHeads(publisher).filter(head => this.access.isPublic(head))
  }

  /** Whether nothing of a feed is known to be damaged here: only then this node can give all that its heads promise. */
  isWhole(feed: { readonly publisher: PublisherId; readonly feed: FeedId }): boolean {
    return this.#damage.isWhole(feed)
  }

  /** Feeds held, over all publishers. */
  feedCount(): number {
    const feeds = this.catalogue.publishers().map(id => this.catalogue.publisher(id)?.feeds.length ?? 0)
    return feeds.reduce((sum, count) => sum + count, 0)
  }

  /** Takes note of damage: of an own feed it stops the writer, of any it is told by /readyz until the lost records are back. */
  damaged(damage: Damage): void {
    this.#damage.note(damage)
  }

  #tell(records: readonly WellFormedRecord[], touched: readonly TouchedPackage[]): void {
    for (const listener of this.#listeners) unlessDamaged(() => listener(records, touched))
  }

  async #refold(): Promise<void> {
    let batch: WellFormedRecord[] = []
    const fold = () => {
      this.catalogue.add(batch)
      this.access.add(batch)
      batch = []
    }
    for (const publisher of await this.records.publishers()) {
      try {
        // Signatures were verified before the record was stored; its id was checked as it was read.
        for await (const { envelope } of this.records.records(publisher, damage => this.damaged(damage))) {
          batch.push(parseUnverifiedRecord(envelope, { net: this.#net }).record)
          if (batch.length >= REFOLD_BATCH) fold()
        }
      } catch (error) {
        // What is broken in one publisher must not keep the node from serving the others.
        const { code = 'E_RECORD_CORRUPT', message } = error as { code?: string; message: string }
        const isOther = code === 'E_OTHER_NETWORK'
        if (isOther) this.ofOtherNetworks.set(publisher, message)
        this.problems.set(publisher, `${code}: ${message}; ${isOther ? OTHER_NETWORK_HINT : REPAIR_HINT}`)
      }
      fold()
      // While what its records say is still in memory.
      this.#keeper.describe(publisher)
      this.#bodies.clear()
    }
  }

  /** What the index says is made anew from the records, so it waits for their next write: the disk is synced once a record. */
  #writeIndex(operations: readonly SearchBatchOperation[]): void {
    void this.#written(this.#database.ride(operations.map(indexWriteOf)))
  }

  /** The records are safe and the index is rebuilt from them: what it could not be told is a problem, and no failure. */
  async #written(writing: Promise<void>): Promise<void> {
    try {
      await writing
      this.problems.delete('index')
    } catch (error) {
      this.problems.set('index', `search index not written: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

function indexWriteOf(operation: SearchBatchOperation): Write {
  return operation.type === 'put'
    ? { type: 'put', table: 'index', key: operation.key, value: operation.value }
    : { type: 'del', table: 'index', key: operation.key }
}
