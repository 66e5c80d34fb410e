import { MAX_ASKERS, MAX_ENTRIES, MAX_ENTRIES_OF_ASKER, MAX_TEXT_CHARS, REMEMBERED_MS } from './limits.ts'

/** One version that was withheld from someone, or refused. */
export interface WithheldVersion {
  /** When it was withheld last, ms since 1970. */
  readonly at: number
  /** The name of the token that asked, else the address. */
  readonly who: string
  readonly purl: string
  readonly version: string
  /** The rule that objected first. */
  readonly rule: string
  readonly message: string
  readonly decision: 'hold' | 'deny'
  /** Whether it was withheld; false: the policy is in dry-run and only says that it would have been. */
  readonly enforced: boolean
  /** When a hold ends, ms since 1970. */
  readonly until?: number | null
  /** What to use instead, or the command that changes it. */
  readonly hint?: string | null
}

/**
 * What was withheld from whom in the last ten minutes, in memory alone: for clients that say no more than
 * "no matching version". The same version withheld again is one entry with the newest time.
 */
export class VerdictLog {
  readonly #now: () => number
  /** By asker, the one heard of longest ago first; of each, by version and rule, the oldest first. */
  readonly #askers = new Map<string, Map<string, WithheldVersion>>()
  #size = 0

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  note(withheld: WithheldVersion): void {
    const entry = boundedOf(withheld)
    const entries = this.#askers.get(entry.who) ?? new Map<string, WithheldVersion>()
    this.#forgetAsker(entry.who)
    this.#askers.set(entry.who, entries)
    const key = `${entry.purl}@${entry.version} ${entry.rule}`
    entries.delete(key)
    entries.set(key, entry)
    for (const oldest of entries.keys()) {
      if (entries.size <= MAX_ENTRIES_OF_ASKER) break
      entries.delete(oldest)
    }
    this.#size += entries.size
    this.#forgetSurplus()
  }

  /** What was withheld from an asker of the last ten minutes, the newest first. */
  lastFor(who: string): readonly WithheldVersion[] {
    return this.#recent([...(this.#askers.get(who)?.values() ?? [])])
  }

  /** The same of everybody. */
  last(): readonly WithheldVersion[] {
    return this.#recent([...this.#askers.values()].flatMap(entries => [...entries.values()]))
  }

  #recent(entries: readonly WithheldVersion[]): readonly WithheldVersion[] {
    const since = this.#now() - REMEMBERED_MS
    return entries
      .filter(({ at }) => at > since)
      .reverse()
      .toSorted((a, b) => b.at - a.at)
  }

  #forgetAsker(who: string): void {
    this.#size -= this.#askers.get(who)?.size ?? 0
    this.#askers.delete(who)
  }

  #forgetSurplus(): void {
    for (const who of this.#askers.keys()) {
      if (this.#askers.size <= MAX_ASKERS && this.#size <= MAX_ENTRIES) break
      this.#forgetAsker(who)
    }
  }
}

function boundedOf(withheld: WithheldVersion): WithheldVersion {
  const { purl, version, rule, message, hint } = withheld
  return {
    ...withheld,
    purl: purl.slice(0, MAX_TEXT_CHARS),
    version: version.slice(0, MAX_TEXT_CHARS),
    rule: rule.slice(0, MAX_TEXT_CHARS),
    message: message.slice(0, MAX_TEXT_CHARS),
    ...(hint === undefined || hint === null ? {} : { hint: hint.slice(0, MAX_TEXT_CHARS) }),
  }
}
