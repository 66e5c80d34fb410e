import { join } from 'node:path'
import { z } from 'zod'
import type { Sha256 } from '../../protocol/index.ts'
import type { LevelDatabase } from '../storage/index.ts'
import { cacheKeyOf } from '../upstream/cache-key.ts'
import { KeptPackument } from '../upstream/npm/kept-packument.ts'
import { PackumentFiles } from '../upstream/npm/packument-files.ts'
import type { UpstreamSettings } from '../upstream/settings.ts'

/** A version whose bytes were pulled and checked. */
export interface PulledTarball {
  readonly name: string
  readonly version: string
  readonly sha256: Sha256
  /** Of the digests that they were checked against. */
  readonly mark: string
}

const valueSchema = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  mark: z.string(),
})

/** What one upstream's cache holds on this disk; nothing is asked of the upstream. */
export class PulledTarballs {
  readonly #database: LevelDatabase
  readonly #prefix: string
  readonly #documents: PackumentFiles

  /** `folder` is that of all upstreams' caches. */
  constructor(database: LevelDatabase, folder: string, settings: Pick<UpstreamSettings, 'name' | 'url'>) {
    const key = cacheKeyOf(settings)
    this.#database = database
    this.#prefix = `npm ${key} `
    this.#documents = new PackumentFiles(join(folder, key, 'packuments'))
  }

  /** Every version kept, by name. */
  async *all(): AsyncGenerator<PulledTarball> {
    // '!' comes right after the space that ends the prefix.
    const bounds = { gte: this.#prefix, lt: `${this.#prefix.slice(0, -1)}!` }
    for await (const [key, value] of this.#database.scan('upstream', bounds)) {
      const found = pulledOf(key.slice(this.#prefix.length), value)
      if (found !== null) yield found
    }
  }

  async get(name: string, version: string): Promise<PulledTarball | null> {
    const place = `${name} ${version}`
    const value = await this.#database.table('upstream').get(this.#prefix + place)
    return value === undefined ? null : pulledOf(place, value)
  }

  /** The upstream's document as it is kept; null: it is gone or was never here. */
  async document(name: string): Promise<KeptPackument | null> {
    const stored = await this.#documents.read(name)
    if (stored === null || stored.gzipped === null || stored.isGone) return null
    return new KeptPackument(stored.facts, stored.gzipped)
  }
}

function pulledOf(place: string, value: Uint8Array): PulledTarball | null {
  const [name, version, ...more] = place.split(' ')
  if (name === undefined || version === undefined || more.length > 0) return null
  try {
    const { sha256, mark } = valueSchema.parse(JSON.parse(Buffer.from(value).toString()))
    return { name, version, sha256: sha256 as Sha256, mark }
  } catch {
    return null
  }
}
