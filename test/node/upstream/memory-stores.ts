import type { PackumentStore, StoredPackument } from '../../../src/node/upstream/npm/packument-store.ts'
import type { KeptTarball, TarballIndex } from '../../../src/node/upstream/npm/tarball-index.ts'

/** A double of the store of documents; it runs the same contract. */
export class MemoryPackumentStore implements PackumentStore {
  readonly #kept = new Map<string, StoredPackument>()

  async read(name: string): Promise<StoredPackument | null> {
    return this.#kept.get(name) ?? null
  }

  async write(packument: Omit<StoredPackument, 'isGone'>): Promise<void> {
    this.#kept.set(packument.facts.name, structuredClone({ ...packument, isGone: packument.gzipped === null }))
  }

  async touch(name: string, fetchedAt: number): Promise<void> {
    const kept = this.#kept.get(name)
    if (kept !== undefined) this.#kept.set(name, { ...kept, fetchedAt })
  }
}

/** A double of the index of tarballs; it runs the same contract. */
export class MemoryTarballIndex implements TarballIndex {
  readonly #kept = new Map<string, KeptTarball>()

  async get(name: string, version: string): Promise<KeptTarball | null> {
    return this.#kept.get(`${name} ${version}`) ?? null
  }

  async put(name: string, version: string, kept: KeptTarball): Promise<void> {
    this.#kept.set(`${name} ${version}`, kept)
  }

  async delete(name: string, version: string): Promise<void> {
    this.#kept.delete(`${name} ${version}`)
  }
}
