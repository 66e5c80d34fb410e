import type { Sha256 } from '../../protocol/index.ts'
import type { LevelDatabase } from './level-database.ts'

/**
 * The table `own`: the sha-256 of bytes that came here by releases of this node. It lies apart from the table of artifacts, so that
 * a mark outlives damage to the artifact and its repair.
 */
export class OwnMarks {
  readonly #database: LevelDatabase

  constructor(database: LevelDatabase) {
    this.#database = database
  }

  async has(sha256: Sha256): Promise<boolean> {
    return (await this.#database.table('own').get(sha256)) !== undefined
  }

  /** Resolves once the marks would survive a power cut. */
  async add(all: readonly Sha256[]): Promise<void> {
    const known = await this.#database.table('own').getMany([...all])
    const missing = all.filter((_, index) => known[index] === undefined)
    await this.#database.commit(
      missing.map(key => ({ type: 'put', table: 'own', key, value: new Uint8Array(0) }) as const),
    )
  }

  async remove(sha256: Sha256): Promise<void> {
    await this.#database.commit([{ type: 'del', table: 'own', key: sha256 }])
  }

  async *list(): AsyncGenerator<Sha256> {
    for await (const key of this.#database.table('own').keys()) yield key as Sha256
  }
}
