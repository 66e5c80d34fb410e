import type { PackageName, PublisherId } from '../../protocol/index.ts'
import type { LevelDatabase, Write } from '../storage/index.ts'
import { MAX_COUNTED_PACKAGES } from './limits.ts'

const COUNT = 'count '
/** Bounds of all counts. */
const COUNT_KEYS = { gte: COUNT, lt: `${COUNT}\uffff` }

interface Count {
  readonly installs: number
  /** When it was counted last, ms since 1970. */
  readonly at: number
}

/** How often packages of publishers were installed through this node; those nobody installed for longest are forgotten first. */
export class InstallCounts {
  /** By publisher and package; the last counted last. */
  readonly #counts: Map<string, Count>
  /** How many of them each publisher has. */
  readonly #packages = new Map<string, number>()

  private constructor(counts: Map<string, Count>) {
    this.#counts = counts
    for (const key of counts.keys()) this.#have(key, 1)
  }

  static async open(database: LevelDatabase): Promise<InstallCounts> {
    const found: [string, Count][] = []
    for await (const [key, value] of database.scan('installs', COUNT_KEYS)) {
      const count = countOf(value)
      if (count !== null) found.push([key, count])
    }
    return new InstallCounts(new Map(found.toSorted(([, a], [, b]) => a.at - b.at)))
  }

  of(publisher: PublisherId, name: PackageName): number {
    return this.#counts.get(keyOf(publisher, name))?.installs ?? 0
  }

  /** Whether anything of a publisher was counted. */
  hasAnyOf(publisher: PublisherId): boolean {
    return this.#packages.has(publisher)
  }

  /** Counts one install; the answer is to be written. */
  add(publisher: PublisherId, name: PackageName, at: number): Write[] {
    const key = keyOf(publisher, name)
    const installs = this.of(publisher, name) + 1
    if (!this.#counts.delete(key)) this.#have(key, 1)
    this.#counts.set(key, { installs, at })
    const value = Buffer.from(`${installs} ${at}`)
    return [{ type: 'put', table: 'installs', key, value }, ...this.#forgetSurplus()]
  }

  #forgetSurplus(): Write[] {
    const forgotten: Write[] = []
    for (const key of this.#counts.keys()) {
      if (this.#counts.size <= MAX_COUNTED_PACKAGES) break
      this.#counts.delete(key)
      this.#have(key, -1)
      forgotten.push({ type: 'del', table: 'installs', key })
    }
    return forgotten
  }

  /** A publisher has a package more or less. */
  #have(key: string, by: 1 | -1): void {
    const publisher = key.slice(COUNT.length, key.indexOf(' ', COUNT.length))
    const packages = (this.#packages.get(publisher) ?? 0) + by
    if (packages > 0) this.#packages.set(publisher, packages)
    else this.#packages.delete(publisher)
  }
}

const keyOf = (publisher: PublisherId, name: PackageName): string => `${COUNT}${publisher} ${name}`

/** A count as stored; damaged bytes are null. */
function countOf(value: Uint8Array): Count | null {
  const [, installs, at] = /^(\d{1,15}) (\d{1,15})$/.exec(Buffer.from(value).toString('latin1')) ?? []
  return installs === undefined ? null : { installs: Number(installs), at: Number(at) }
}
