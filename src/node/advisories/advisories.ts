import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import {
  type Advisory,
  type AdvisoryFact,
  affectedMatcherOf,
  compareAdvisories,
  type Hit,
  type PackageName,
} from '../../protocol/index.ts'
import type { LevelDatabase, Table } from '../storage/index.ts'
import { BoundedMap } from '../upstream/bounded-map.ts'
import { AdvisoryChanges, type AdvisoryOutcome } from './advisory-changes.ts'
import {
  type AdvisoryState,
  type HeldAdvisory,
  type PackageAdvisory,
  readPackage,
  readState,
  scanAdvisories,
} from './advisory-table.ts'
import { IMPORT_SLICE, MAX_READY_WEIGHT } from './limits.ts'

/** An advisory that names a version. */
export interface AdvisoryMatch {
  readonly advisory: PackageAdvisory
  readonly fixed: string | null
}

interface Ready {
  readonly entries: readonly { readonly advisory: PackageAdvisory; readonly matches: (version: string) => Hit | null }[]
  readonly weight: number
  readonly revision: string
}

/** The advisories this node holds: on disk by package, in memory only those of the packages asked about lately. */
export class Advisories {
  readonly #database: LevelDatabase
  readonly #table: Table
  readonly #ready = new BoundedMap<PackageName, Ready>(MAX_READY_WEIGHT, ({ weight }) => weight)
  #state: AdvisoryState
  #last: Promise<unknown> = Promise.resolve()

  constructor(database: LevelDatabase) {
    this.#database = database
    this.#table = database.table('advisories')
    this.#state = readState(this.#table)
  }

  /** Another text whenever what `of` answers about a package has changed; the same after a restart. */
  revisionOf(name: PackageName): string {
    return this.#readyOf(name).revision
  }

  /** How many are held, and when the newest was last changed, ms since 1970. */
  get sums(): AdvisoryState {
    return this.#state
  }

  /** What is held against a version, malware first. @throws StorageError E_STORAGE_FAILED */
  of(name: PackageName, version: string): readonly AdvisoryFact[] {
    return this.matchesOf(name, version).map(({ advisory: { id, kind, severity, summary }, fixed }) => ({
      ...{ id, kind, severity, summary, fixed },
    }))
  }

  /** The same with all that each advisory says. */
  matchesOf(name: PackageName, version: string): readonly AdvisoryMatch[] {
    return this.#readyOf(name).entries.flatMap(({ advisory, matches }) => {
      const hit = matches(version)
      return hit === null ? [] : { advisory, fixed: hit.fixed }
    })
  }

  /** Everything that is held about a package, malware first. */
  ofPackage(name: PackageName): readonly PackageAdvisory[] {
    return this.#readyOf(name).entries.map(({ advisory }) => advisory)
  }

  /** The first advisories of all, malware first, then by id. */
  async list(limit: number): Promise<readonly HeldAdvisory[]> {
    const found: HeldAdvisory[] = []
    for await (const advisory of scanAdvisories(this.#table, limit)) found.push(advisory)
    return found
  }

  /** Takes advisories in as one change, durable when it resolves; outcomes are in the order of the advisories. */
  apply(advisories: readonly Advisory[]): Promise<readonly AdvisoryOutcome[]> {
    return this.#change(async changes => {
      const outcomes: AdvisoryOutcome[] = []
      for (const advisory of advisories) {
        if (outcomes.length % IMPORT_SLICE === IMPORT_SLICE - 1) await setImmediate()
        outcomes.push(changes.apply(advisory))
      }
      return outcomes
    })
  }

  /** Takes one out; the same document does not bring it back, one that was changed later does. null: it is not held. */
  remove(id: string): Promise<HeldAdvisory | null> {
    return this.#change(async changes => changes.remove(id))
  }

  #readyOf(name: PackageName): Ready {
    const known = this.#ready.get(name)
    if (known !== undefined) return known
    const ready = readyOf(name, readPackage(this.#table, name))
    this.#ready.set(name, ready)
    return ready
  }

  /** One change after the other, because each reads what it replaces. */
  #change<T>(work: (changes: AdvisoryChanges) => Promise<T>): Promise<T> {
    const done = this.#last.then(async () => {
      const changes = new AdvisoryChanges(this.#table, this.#state)
      const answer = await work(changes)
      if (!changes.isEmpty) {
        const { writes, state } = changes.finish()
        await this.#database.commit(writes)
        for (const name of changes.touched) this.#ready.delete(name)
        this.#state = state
      }
      return answer
    })
    this.#last = done.catch(() => {})
    return done
  }
}

function readyOf(name: PackageName, advisories: readonly PackageAdvisory[]): Ready {
  const type = name.slice('pkg:'.length, name.indexOf('/'))
  const entries = advisories
    .toSorted(compareAdvisories)
    .map(advisory => ({ advisory, matches: affectedMatcherOf(type, advisory) }))
  const weight = advisories.reduce((sum, { spans, versions }) => sum + 1 + spans.length + versions.length, 1)
  return { entries, weight, revision: revisionOf(advisories) }
}

function revisionOf(advisories: readonly PackageAdvisory[]): string {
  if (advisories.length === 0) return ''
  return createHash('sha256').update(JSON.stringify(advisories)).digest('base64url')
}
