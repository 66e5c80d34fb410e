import { ApiClient } from '../api-client.ts'
import { type Command, type Context, type Input, textOf } from '../command.ts'
import { CliError } from '../errors.ts'
import { findRunFile } from '../run-file.ts'
import { diagnoseClient } from '../use/client-diagnosis.ts'
import { CLIENTS } from '../use/client-files.ts'
import { linesOf, partsOf, tableOf } from '../view.ts'

interface Finding {
  readonly kind: string
  readonly subject: string
  readonly problem: string
  readonly repaired: boolean
}

interface Diagnosis {
  readonly ok: boolean
  /** Whether it was asked to repair what it finds. */
  readonly repair: boolean
  readonly findings: readonly Finding[]
  /** Commands that change what was found in a project. */
  readonly help?: readonly string[]
}

const BEYOND_REPAIR =
  'help: what could not be repaired comes from a peer that has it, or from a backup: hanse restore FILE'

/**
 * `hanse doctor [--repair]`: checks every record and artifact of the home, also while its node runs; with `--client` instead the
 * project in the current folder: what leads that client past the node.
 */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'check every record, artifact and state file of this home, or a project’s client',
  examples: ['hanse doctor', 'hanse doctor --repair', 'hanse doctor --client yarn'],
  options: [
    { flags: '--repair', text: 'put broken files aside and rebuild the rest' },
    {
      flags: '--client <client>',
      text: 'what leads a client past the node in this folder’s project',
      choices: CLIENTS,
    },
  ],
  local: true,
  async run(input, context) {
    const { options } = input
    const repair = options.repair === true
    if (options.client !== undefined) return await checkClient(input, repair)
    const findings = await findingsOf(context, repair)
    const ok = findings.every(({ repaired }) => repaired)
    return { data: { ok, repair, findings } satisfies Diagnosis, failed: !ok }
  },
  view: ({ repair, findings, help }: Diagnosis) => {
    const lines = help?.map(line => `help: ${line}`) ?? helpOf(findings, repair)
    return partsOf(
      tableOf(
        ['KIND', 'WHAT', 'PROBLEM', 'REPAIRED'],
        findings.map(({ kind, subject, problem, repaired }) => [kind, subject, problem, repaired ? 'yes' : 'no']),
        'no problems found',
      ),
      ...(lines.length === 0 ? [] : [linesOf(...lines)]),
    )
  },
}

/** Findings about the network say themselves what helps. */
const helpOf = (findings: readonly Finding[], repair: boolean): readonly string[] =>
  findings.every(({ kind, repaired }) => repaired || kind === 'network')
    ? []
    : [repair ? BEYOND_REPAIR : 'help: hanse doctor --repair']

async function checkClient(input: Input, repair: boolean) {
  if (repair) throw new CliError('E_USAGE', '--client takes no --repair', { hint: 'run the command that it prints' })
  const client = CLIENTS.find(name => name === textOf(input, 'client')) ?? 'npm'
  const found = await diagnoseClient(process.cwd(), client)
  const findings = found.map(({ subject, problem }) => ({ kind: client, subject, problem, repaired: false }))
  const ok = found.length === 0
  return { data: { ok, repair, findings, help: found.map(({ help }) => help) } satisfies Diagnosis, failed: !ok }
}

/** One process owns a home: a running node checks itself. */
async function findingsOf(
  { home, signal, progress, environment }: Context,
  repair: boolean,
): Promise<readonly Finding[]> {
  const run = await findRunFile(home).catch(() => null) // a broken one is no sign of a node; its lock is
  if (run) {
    const node = new ApiClient(run.url, run.token, signal)
    return (await node.call<Diagnosis>('POST', '/api/doctor', { body: { repair } })).findings
  }
  const { doctorHome } = await import('../../node/index.ts')
  const findings: Finding[] = []
  for await (const finding of doctorHome(home, { repair, env: environment.settings })) {
    signal.throwIfAborted()
    progress(`${finding.subject}: ${finding.problem}`)
    findings.push(finding)
  }
  return findings
}
