import type { PublisherId, Sha256 } from '../../protocol/index.ts'
import type { LevelDatabase } from './level-database.ts'

/**
 * How bytes came here, which decides whose records may open them to others. Marks are durable and lie apart from the table of
 * artifacts, so that they outlive damage to an artifact and its repair; not all marked bytes need be held.
 */
export class ArtifactMarks {
  readonly #own: MarkTable
  readonly #pulled: MarkTable
  readonly #database: LevelDatabase

  constructor(database: LevelDatabase) {
    this.#database = database
    this.#own = new MarkTable(database, 'own')
    this.#pulled = new MarkTable(database, 'pulled')
  }

  /** Whether bytes came here by a release of this node, its record damaged or not: only its own public records may open them. */
  isOwn(sha256: Sha256): Promise<boolean> {
    return this.#own.has(sha256)
  }

  /** Marks bytes, held or about to be, as this node's own. */
  markOwn(all: readonly Sha256[]): Promise<void> {
    return this.#own.add(all)
  }

  /** For bytes whose release did not come about. */
  unmarkOwn(sha256: Sha256): Promise<void> {
    return this.#own.remove(sha256)
  }

  /** All bytes marked as this node's own. */
  listOwn(): AsyncGenerator<Sha256> {
    return this.#own.list()
  }

  /** Whether bytes came here from an upstream registry and from nobody else: no record of a stranger opens them. */
  isPulled(sha256: Sha256): Promise<boolean> {
    return this.#pulled.has(sha256)
  }

  /** Marks bytes that are about to come from peers as an upstream's. */
  markPulled(all: readonly Sha256[]): Promise<void> {
    return this.#pulled.add(all)
  }

  /** For bytes that a publisher chosen here has released too. */
  async unmarkPulled(sha256: Sha256): Promise<void> {
    if (await this.#pulled.has(sha256)) await this.#pulled.remove(sha256)
  }

  /** Whose listed feed bytes came here for: only that publisher's records and own ones open them. Null: they did not come so. */
  async listedBy(sha256: Sha256): Promise<PublisherId | null> {
    const value = await this.#database.table('listed').get(sha256)
    return value === undefined ? null : (Buffer.from(value).toString() as PublisherId)
  }

  /** Marks bytes that are about to come from peers on the list of a publisher's listed feed; the first such publisher stays. */
  async markListed(sha256: Sha256, publisher: PublisherId): Promise<void> {
    if ((await this.listedBy(sha256)) !== null) return
    await this.#database.commit([{ type: 'put', table: 'listed', key: sha256, value: Buffer.from(publisher) }])
  }

  /** For bytes that came from peers because a public feed names them. */
  async unmarkListed(sha256: Sha256): Promise<void> {
    if ((await this.listedBy(sha256)) === null) return
    await this.#database.commit([{ type: 'del', table: 'listed', key: sha256 }])
  }
}

/** A table whose keys are the sha-256 of bytes. */
class MarkTable {
  readonly #database: LevelDatabase
  readonly #table: 'own' | 'pulled'

  constructor(database: LevelDatabase, table: 'own' | 'pulled') {
    this.#database = database
    this.#table = table
  }

  async has(sha256: Sha256): Promise<boolean> {
    return (await this.#database.table(this.#table).get(sha256)) !== undefined
  }

  async add(all: readonly Sha256[]): Promise<void> {
    const known = await this.#database.table(this.#table).getMany([...all])
    const missing = all.filter((_, index) => known[index] === undefined)
    await this.#database.commit(
      missing.map(key => ({ type: 'put', table: this.#table, key, value: new Uint8Array(0) }) as const),
    )
  }

  async remove(sha256: Sha256): Promise<void> {
    await this.#database.commit([{ type: 'del', table: this.#table, key: sha256 }])
  }

  async *list(): AsyncGenerator<Sha256> {
    for await (const key of this.#database.table(this.#table).keys()) yield key as Sha256
  }
}
