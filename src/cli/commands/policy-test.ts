import type { ApiClient } from '../api-client.ts'
import { type Command, type Context, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { type LockedVersions, readLockFileAt } from '../read-lock-file.ts'
import { linesOf, partsOf, tableOf, type View } from '../view.ts'

/** Packages of one question to the node, so that there is progress to tell of. */
const PACKAGES_AT_ONCE = 100

/** A release that the rules refuse. */
export interface RefusedLine {
  readonly package: string
  readonly version: string
  readonly decision: string
  readonly rule: string
  readonly message: string
  readonly line: number | null
  readonly until: string | null
  readonly hint: string | null
}
interface Judged {
  readonly mode: string
  readonly releases: number
  readonly refused: readonly RefusedLine[]
  readonly unknown: readonly { readonly package: string; readonly version: string }[]
  readonly unanswered: readonly { readonly package: string; readonly code: string; readonly message: string }[]
}
type Tested = Judged & { readonly lockfile: string; readonly skipped: number }

/** `hanse policy test --lockfile FILE`: what would be refused in this project. */
export const policyTestCommand: Command = {
  name: 'test',
  summary: 'say what of a lock file would be refused; exit 5 when anything would',
  examples: ['hanse policy test --lockfile package-lock.json', 'hanse policy test --lockfile pnpm-lock.yaml --json'],
  options: [{ flags: '--lockfile <file>', text: 'of npm, pnpm, yarn or bun' }],
  async run(input, context) {
    const { path, locked, skipped } = await readLockFileAt(lockFileOf(input))
    const judged = await testAll(await context.node(), locked, context)
    const data: Tested = { lockfile: path, skipped, ...judged }
    return {
      data,
      refused: data.refused.length > 0,
      failed: data.unknown.length + data.unanswered.length > 0,
    }
  },
  view: testView,
}

/** The file that `--lockfile` names. */
export function lockFileOf(input: Parameters<typeof textOf>[0]): string {
  const file = textOf(input, 'lockfile')
  if (file !== undefined) return file
  throw new CliError('E_USAGE', '--lockfile is missing', { hint: '--lockfile package-lock.json' })
}

async function testAll(node: ApiClient, locked: LockedVersions, { progress }: Context): Promise<Judged> {
  const packages = Object.entries(locked)
  let all: Judged = { mode: '', releases: 0, refused: [], unknown: [], unanswered: [] }
  for (let at = 0; at === 0 || at < packages.length; at += PACKAGES_AT_ONCE) {
    const part = Object.fromEntries(packages.slice(at, at + PACKAGES_AT_ONCE))
    const judged = await node.call<Judged>('POST', '/api/policy/test', { body: { locked: part } })
    all = {
      mode: judged.mode,
      releases: all.releases + judged.releases,
      refused: [...all.refused, ...judged.refused],
      unknown: [...all.unknown, ...judged.unknown],
      unanswered: [...all.unanswered, ...judged.unanswered],
    }
    progress(`judged ${Math.min(at + PACKAGES_AT_ONCE, packages.length)} of ${packages.length} packages`)
  }
  return all
}

function testView({ mode, releases, skipped, refused, unknown, unanswered }: Tested): View {
  const binds = mode === 'enforce' ? '' : `; the mode is ${mode}, so nothing is refused yet`
  return partsOf(
    refusedView(refused, 'nothing would be refused'),
    ...unknown.map(({ package: name, version }) => linesOf(`${name}@${version}: no source here has it`)),
    ...unanswered.map(({ package: name, code, message }) => linesOf(`${name}: not judged, ${code}: ${message}`)),
    linesOf(
      `${refused.length} of ${releases} releases would be refused${binds}; ${skipped} entries come from no registry`,
    ),
    linesOf(...helpOf(refused)),
  )
}

/** Rules from which exempt is what a lock file that was accepted names, or was installed before. */
export const EXEMPT_RULES: readonly string[] = ['minimumAge', 'lookAlike']

/** What lets each kind of refusal pass; from malware nothing does. */
function helpOf(refused: readonly RefusedLine[]): string[] {
  const isAcceptable = refused.some(({ rule }) => EXEMPT_RULES.includes(rule))
  const other = refused.find(({ rule, hint }) => !EXEMPT_RULES.includes(rule) && hint !== null)
  return [
    ...(isAcceptable
      ? ['help: hanse policy accept --lockfile FILE lets what is locked stay, whatever its age or name']
      : []),
    ...(other === undefined ? [] : [`help: ${other.hint}`]),
  ]
}

/** Refused releases, one a line. */
function refusedView(refused: readonly RefusedLine[], none: string): View {
  return tableOf(
    ['RELEASE', 'RULE', 'LINE', 'ENDS', 'WHY'],
    refused.map(({ package: name, version, rule, line, until, decision, message }) => [
      ...[`${name}@${version}`, rule, line, until ?? (decision === 'hold' ? 'when somebody decides' : '-'), message],
    ]),
    none,
  )
}
