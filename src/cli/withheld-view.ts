import { linesOf, partsOf, type View } from './view.ts'

/** One version that was withheld; `until` is ms since 1970, null: until somebody decides. */
interface WithheldVersion {
  readonly version: string
  readonly decision: 'hold' | 'deny'
  readonly enforced: boolean
  readonly message: string
  readonly until: number | null
  readonly hint: string | null
}

interface WithheldPackage {
  readonly name: string
  readonly rule: string
  readonly who: string
  readonly at: number
  readonly versions: readonly WithheldVersion[]
}

/** What a node answers of the last minutes, the newest first. */
export interface LastWithheld {
  /** Whose: names of tokens and addresses; null: everybody's. */
  readonly who: readonly string[] | null
  readonly minutes: number
  readonly packages: readonly WithheldPackage[]
}

/** Versions of a package that are shown one by one. */
const MAX_SHOWN = 3

/** How people see it: what, by which rule and why, when it ends, what to do. */
export function withheldView({ who, minutes, packages }: LastWithheld): View {
  const whose = who === null ? 'anyone' : who.join(' or ')
  if (packages.length === 0) {
    return linesOf(
      `nothing was withheld from ${whose} in the last ${minutes} minutes`,
      ...(who === null ? ['help: hanse why npm:NAME@VERSION'] : emptyHelp),
    )
  }
  const title = `withheld from ${whose} in the last ${minutes} minutes, the newest first`
  return partsOf(linesOf(title), ...packages.map(each => packageView(each, who === null)))
}

const emptyHelp = [
  'help: hanse why npm:NAME@VERSION',
  'help: hanse why --last --token T, when the client sends a token of its own',
  'help: hanse why --last --all, what was withheld from everybody',
]

function packageView({ name, rule, who, at, versions }: WithheldPackage, isOfEverybody: boolean): View {
  const from = isOfEverybody ? `, from ${who}` : ''
  const shown = versions.slice(0, MAX_SHOWN)
  const more = versions.length - shown.length
  const rest = more === 0 ? [] : [`  and ${more} more version${more === 1 ? '' : 's'} by the same rule`]
  return linesOf(
    '',
    ...shown.flatMap(version => versionLines(name, rule, version)),
    ...rest,
    `  asked for at ${timeOf(at)}${from}`,
    `  help: hanse why ${name}@${shown[0]?.version ?? ''}`,
  )
}

function versionLines(name: string, rule: string, version: WithheldVersion): string[] {
  const { message, hint } = version
  return [
    `${name}@${version.version}  ${decisionOf(version)}`,
    `  ${rule}: ${message}`,
    ...(hint?.split('\n') ?? []).map(line => `  help: ${line}`),
  ]
}

function decisionOf({ decision, enforced, until }: WithheldVersion): string {
  const what =
    decision === 'deny' ? 'denied' : until === null ? 'held until somebody decides' : `held until ${timeOf(until)}`
  return enforced ? what : `served; it would be ${what} if the policy were enforced`
}

const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
