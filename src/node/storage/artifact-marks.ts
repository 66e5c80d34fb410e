import type { Sha256 } from '../../protocol/index.ts'
import type { LevelDatabase } from './level-database.ts'

/**
 * A table of the sha-256 of bytes: `own` for those that came here by releases of this node, `pulled` for those that came from an
 * upstream registry. It lies apart from the table of artifacts, so that a mark outlives damage to the artifact and its repair.
 */
export class ArtifactMarks {
  readonly #database: LevelDatabase
  readonly #table: 'own' | 'pulled'

  constructor(database: LevelDatabase, table: 'own' | 'pulled') {
    this.#database = database
    this.#table = table
  }

  async has(sha256: Sha256): Promise<boolean> {
    return (await this.#database.table(this.#table).get(sha256)) !== undefined
  }

  /** Resolves once the marks would survive a power cut. */
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
