import { type PackageName, shortNameOf } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { REMEMBERED_MS, type WithheldVersion } from '../verdict-log/index.ts'

/** Versions of one package that one rule withheld from one asker, the newest first. */
export interface WithheldPackage {
  /** Short name, `npm:@acme/x`. */
  readonly name: string
  readonly rule: string
  readonly who: string
  /** When one of them was asked for last, ms since 1970. */
  readonly at: number
  readonly versions: readonly {
    readonly version: string
    readonly decision: 'hold' | 'deny'
    /** false: the policy is in dry-run, and this was served. */
    readonly enforced: boolean
    readonly message: string
    /** When a hold ends, ms since 1970; null: when somebody decides. */
    readonly until: number | null
    /** What to use instead, or the command that changes it. */
    readonly hint: string | null
  }[]
}

export interface LastWithheld {
  /** Whose: names of tokens and addresses; null: everybody's. */
  readonly who: readonly string[] | null
  readonly minutes: number
  readonly packages: readonly WithheldPackage[]
}

/** What was withheld from an asker, under all names it has, in the last minutes; null: from everybody. */
export function lastWithheld({ verdicts }: Pick<NodeContext, 'verdicts'>, who: readonly string[] | null): LastWithheld {
  const entries = who === null ? verdicts.last() : who.flatMap(name => verdicts.lastFor(name))
  return {
    who,
    minutes: REMEMBERED_MS / 60_000,
    packages: packagesOf(entries.toSorted((a, b) => b.at - a.at)),
  }
}

function packagesOf(entries: readonly WithheldVersion[]): WithheldPackage[] {
  const groups = new Map<string, WithheldVersion[]>()
  for (const entry of entries) {
    const key = `${entry.who} ${entry.purl} ${entry.rule}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [entry])
    else group.push(entry)
  }
  return [...groups.values()].map(group => packageOf(group))
}

function packageOf(group: readonly WithheldVersion[]): WithheldPackage {
  const { purl, rule, who, at } = group[0]!
  const versions = group.map(({ version, decision, enforced, message, until = null, hint = null }) => ({
    ...{ version, decision, enforced, message, until, hint },
  }))
  return { name: shortNameOf(purl as PackageName), rule, who, at, versions }
}
