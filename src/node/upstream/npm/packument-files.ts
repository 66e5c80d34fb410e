import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemCodeOf } from '../../storage/index.ts'
import { MAX_PACKUMENT_BYTES } from './limits.ts'
import { decodePackument, encodePackument } from './packument-codec.ts'
import type { PackumentStore, StoredPackument } from './packument-store.ts'

/** Bytes of a file: a document, and a line of facts with at most 100,000 versions. */
const MAX_FILE_BYTES = 2 * MAX_PACKUMENT_BYTES

/**
 * Documents as files `ab/<sha-256 of the name>` of one folder; a file's time is when the upstream last confirmed it.
 * Nothing is synced to the disk: what a power cut takes away is fetched again, and its digests say so.
 */
export class PackumentFiles implements PackumentStore {
  readonly #folder: string
  readonly #requireRoom: () => Promise<void>

  /** `requireRoom` throws while nothing new may be kept. */
  constructor(folder: string, requireRoom: () => Promise<void> = async () => {}) {
    this.#folder = folder
    this.#requireRoom = requireRoom
  }

  async read(name: string): Promise<StoredPackument | null> {
    try {
      await using file = await open(this.#path(name), 'r')
      const { size, mtimeMs } = await file.stat()
      const decoded = size > MAX_FILE_BYTES ? null : decodePackument(name, await file.readFile())
      return decoded === null ? null : { ...decoded, fetchedAt: Math.floor(mtimeMs) }
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return null
      throw error
    }
  }

  async write({ facts, gzipped, fetchedAt }: Omit<StoredPackument, 'isGone'>): Promise<void> {
    await this.#requireRoom()
    const path = this.#path(facts.name)
    const beside = `${path}.${randomUUID()}`
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    try {
      await writeFile(beside, encodePackument(facts, gzipped), { flag: 'wx', mode: 0o600 })
      await setTime(beside, fetchedAt)
      await rename(beside, path)
    } catch (error) {
      await rm(beside, { force: true })
      throw error
    }
  }

  async touch(name: string, fetchedAt: number): Promise<void> {
    try {
      await setTime(this.#path(name), fetchedAt)
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error
    }
  }

  #path(name: string): string {
    const digest = createHash('sha256').update(name).digest('hex')
    return join(this.#folder, digest.slice(0, 2), digest)
  }
}

/** Files keep seconds as binary fractions: half a millisecond more survives rounding down. */
function setTime(path: string, ms: number): Promise<void> {
  return utimes(path, (ms + 0.5) / 1000, (ms + 0.5) / 1000)
}
