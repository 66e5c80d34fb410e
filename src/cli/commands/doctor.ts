import { ApiClient } from '../api-client.ts'
import type { Command, Context } from '../command.ts'
import { findRunFile } from '../run-file.ts'
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
}

const BEYOND_REPAIR =
  'help: what could not be repaired comes from a peer that has it, or from a backup: hanse restore FILE'

/** `hanse doctor [--repair]`: checks every record and artifact of the home, also while its node runs. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'check every record, artifact and state file of this home',
  examples: ['hanse doctor', 'hanse doctor --repair'],
  options: [{ flags: '--repair', text: 'put broken files aside and rebuild the rest' }],
  local: true,
  async run({ options }, context) {
    const repair = options.repair === true
    const findings = await findingsOf(context, repair)
    const ok = findings.every(({ repaired }) => repaired)
    return { data: { ok, repair, findings } satisfies Diagnosis, failed: !ok }
  },
  view: ({ ok, repair, findings }: Diagnosis) =>
    partsOf(
      tableOf(
        ['KIND', 'WHAT', 'PROBLEM', 'REPAIRED'],
        findings.map(({ kind, subject, problem, repaired }) => [kind, subject, problem, repaired ? 'yes' : 'no']),
        'no problems found',
      ),
      ...(ok ? [] : [linesOf(repair ? BEYOND_REPAIR : 'help: hanse doctor --repair')]),
    ),
}

/** One process owns a home: a running node checks itself. */
async function findingsOf({ home, signal, progress }: Context, repair: boolean): Promise<readonly Finding[]> {
  const run = await findRunFile(home).catch(() => null) // a broken one is no sign of a node; its lock is
  if (run) {
    const node = new ApiClient(run.url, run.token, signal)
    return (await node.call<Diagnosis>('POST', '/api/doctor', { body: { repair } })).findings
  }
  const { doctorHome } = await import('../../node/index.ts')
  const findings: Finding[] = []
  for await (const finding of doctorHome(home, { repair })) {
    signal.throwIfAborted()
    progress(`${finding.subject}: ${finding.problem}`)
    findings.push(finding)
  }
  return findings
}
