import type { PackageName, PublisherId } from '../../protocol/index.ts'
import type { LevelDatabase, Write } from '../storage/index.ts'
import { FirstInstalls } from './first-installs.ts'
import { InstallCounts } from './install-counts.ts'
import {
  type Install,
  installedKeyOf,
  installOf,
  LINE_KEYS,
  lineKeyOf,
  linesBefore,
  linesSince,
  timeBytesOf,
} from './install-line.ts'
import { JOURNAL_MS, MAX_JOURNAL_LINES, MAX_KNOWN_LINES, MAX_WAITING_LINES, WRITE_AFTER_MS } from './limits.ts'

export interface InstallJournalParts {
  readonly database: LevelDatabase
  readonly now?: () => number
  /** Told once when lines cannot be written; serving goes on. */
  readonly onProblem: (message: string, cause: unknown) => void
}

/** What the journal is told of an install. */
export interface NotedInstall extends Install {
  /** Whether the rules themselves let it pass. */
  readonly passed: boolean
  /** Who released what was served; absent for an upstream's. */
  readonly publisher?: PublisherId
}

/** Told after installs were counted and written, of which packages. */
export type InstallListener = (names: ReadonlySet<PackageName>) => void

/**
 * Which versions were served to whom in the last seven days, one line a day, asker and version; which were ever; and how often
 * what publishers released was.
 * Lines are written together once a second: a crash may lose the last of them, which costs no more than an exemption.
 */
export class InstallJournal implements AsyncDisposable {
  readonly #parts: Required<InstallJournalParts>
  readonly #first: FirstInstalls
  readonly #counts: InstallCounts
  /** Packages counted since the last write. */
  #counted = new Set<PackageName>()
  #listener: InstallListener = () => {}
  readonly #waiting = new Map<string, Write>()
  /** Keys of today's lines that are on their way to the disk or there. */
  readonly #known = new Set<string>()
  /** At least as many as there are: one written again is counted again. */
  #lines = 0
  #timer: NodeJS.Timeout | null = null
  #writing: Promise<void> = Promise.resolve()
  #hasProblem = false

  private constructor(parts: Required<InstallJournalParts>, first: FirstInstalls, counts: InstallCounts) {
    this.#parts = parts
    this.#first = first
    this.#counts = counts
  }

  /** Reads which versions were installed, and forgets lines that are too old. */
  static async open(given: InstallJournalParts): Promise<InstallJournal> {
    const parts = { now: Date.now, ...given }
    const { database } = parts
    const journal = new InstallJournal(parts, await FirstInstalls.open(database), await InstallCounts.open(database))
    await journal.#forgetOld()
    await journal.#count()
    return journal
  }

  /**
   * Remembers that a version's bytes were served; never fails, and waits for nothing. `passed`: by the rules themselves. What a
   * dry-run alone let through was served, and is no version that was installed before, nor counted.
   */
  note({ passed, publisher, ...install }: NotedInstall): void {
    const key = lineKeyOf(install)
    const installed = installedKeyOf(install.purl, install.version)
    if (this.#known.has(key) && (!passed || this.#first.of(installed) !== null)) return
    if (this.#known.size >= MAX_KNOWN_LINES) this.#known.clear()
    if (this.#waiting.size >= MAX_WAITING_LINES) return
    this.#known.add(key)
    const value = timeBytesOf(install.at)
    this.#waiting.set(key, { type: 'put', table: 'installs', key, value })
    this.#lines++
    if (passed) this.#writeLater(this.#first.add(installed, install.at))
    if (passed && publisher !== undefined) this.#countOne(publisher, install)
    this.#timer ??= setTimeout(() => void this.settled(), WRITE_AFTER_MS).unref()
  }

  /** When a version that the rules let pass was first installed through this node, ms since 1970; null: never. */
  firstOf(purl: PackageName, version: string): number | null {
    return this.#first.of(installedKeyOf(purl, version))
  }

  /**
   * How often a publisher's package was installed through this node, one install a day, asker and version. Restarts and more than
   * MAX_KNOWN_LINES installs a day may count one twice, which a logarithmic rank does not notice.
   */
  installsOf(publisher: PublisherId, name: PackageName): number {
    return this.#counts.of(publisher, name)
  }

  /** Whether any package of a publisher is counted as installed through this node. */
  hasInstalledFrom(publisher: PublisherId): boolean {
    return this.#counts.hasAnyOf(publisher)
  }

  /** Calls one listener from now on. */
  onCounted(listener: InstallListener): void {
    this.#listener = listener
  }

  /** Who was served what since a moment of the last seven days, in no order. */
  async since(ms: number): Promise<readonly Install[]> {
    await this.settled()
    const found: Install[] = []
    const { database, now } = this.#parts
    const since = Math.max(ms, now() - JOURNAL_MS)
    for await (const [key, value] of database.scan('installs', linesSince(since))) {
      const install = installOf(key, value)
      if (install !== null && install.at >= since) found.push(install)
    }
    return found
  }

  /** Resolves when everything noted so far is on the disk or given up. */
  settled(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.settled()
  }

  #countOne(publisher: PublisherId, { purl, at }: Install): void {
    this.#writeLater(this.#counts.add(publisher, purl, at))
    this.#counted.add(purl)
  }

  #writeLater(writes: readonly Write[]): void {
    for (const write of writes) this.#waiting.set(write.key, write)
  }

  async #write(): Promise<void> {
    const writes = [...this.#waiting.values()]
    const counted = this.#counted
    this.#waiting.clear()
    this.#counted = new Set()
    try {
      await this.#parts.database.commit(writes)
      if (counted.size > 0) this.#listener(counted)
      if (this.#lines > MAX_JOURNAL_LINES) await this.#forgetSurplus()
      this.#hasProblem = false
    } catch (cause) {
      this.#problem(cause)
    }
  }

  /** A full disk keeps them, and `since` does not give them. */
  async #forgetOld(): Promise<void> {
    await this.#forget(linesBefore(this.#parts.now())).catch(cause => this.#problem(cause))
  }

  #problem(cause: unknown): void {
    if (!this.#hasProblem) this.#parts.onProblem('what is installed through this node cannot be written down', cause)
    this.#hasProblem = true
  }

  /** The oldest tenth goes at once, so that a full journal is not cut with every write. */
  async #forgetSurplus(): Promise<void> {
    await this.#forgetOld()
    await this.#count()
    if (this.#lines <= MAX_JOURNAL_LINES) return
    await this.#forget({ ...LINE_KEYS, limit: this.#lines - Math.floor(MAX_JOURNAL_LINES * 0.9) })
  }

  async #forget(bounds: { readonly gte: string; readonly lt: string; readonly limit?: number }): Promise<void> {
    const { database } = this.#parts
    const keys = await database.table('installs').keys(bounds).all()
    await database.commit(keys.map(key => ({ type: 'del', table: 'installs', key })))
  }

  async #count(): Promise<void> {
    this.#lines = (await this.#parts.database.table('installs').keys(LINE_KEYS).all()).length
  }
}
