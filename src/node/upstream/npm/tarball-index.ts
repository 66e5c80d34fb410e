import { z } from 'zod'
import type { Sha256 } from '../../../protocol/index.ts'
import type { LevelDatabase } from '../../storage/index.ts'

/** A version's tarball that was checked and kept. */
export interface KeptTarball {
  readonly sha256: Sha256
  /** `digestMarkOf` the digests it was checked against. */
  readonly mark: string
}

/** Which artifact is the tarball of a version, for one upstream. Damaged entries are as good as absent. */
export interface TarballIndex {
  get(name: string, version: string): Promise<KeptTarball | null>
  put(name: string, version: string, kept: KeptTarball): Promise<void>
  delete(name: string, version: string): Promise<void>
}

const keptSchema = z.strictObject({
  sha256: z.custom<Sha256>(value => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)),
  mark: z.string().regex(/^[\w-]{22}$/),
})

/** The index in the home's database, table `upstream`: keys `npm <cache key> <name> <version>`, none of which holds a space. */
export class LevelTarballIndex implements TarballIndex {
  readonly #database: LevelDatabase
  readonly #upstream: string

  constructor(database: LevelDatabase, upstream: string) {
    this.#database = database
    this.#upstream = upstream
  }

  async get(name: string, version: string): Promise<KeptTarball | null> {
    const bytes = await this.#database.table('upstream').get(this.#key(name, version))
    if (bytes === undefined) return null
    try {
      return keptSchema.parse(JSON.parse(Buffer.from(bytes).toString()))
    } catch {
      return null
    }
  }

  async put(name: string, version: string, { sha256, mark }: KeptTarball): Promise<void> {
    const value = Buffer.from(JSON.stringify({ sha256, mark }))
    await this.#database.commit([{ type: 'put', table: 'upstream', key: this.#key(name, version), value }])
  }

  async delete(name: string, version: string): Promise<void> {
    await this.#database.commit([{ type: 'del', table: 'upstream', key: this.#key(name, version) }])
  }

  #key(name: string, version: string): string {
    return `npm ${this.#upstream} ${name} ${version}`
  }
}
