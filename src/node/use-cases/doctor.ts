import { checkSettings } from '../home/check-settings.ts'
import { checkStateFiles } from '../home/check-state-files.ts'
import type { NodeContext } from '../node-context.ts'
import { examine, type Finding } from '../storage/index.ts'

/** What a doctor found; `ok` when nothing is left to repair. */
export interface Diagnosis {
  readonly ok: boolean
  readonly findings: readonly Finding[]
}

/**
 * Examines the home of this running node. Of what is broken only artifacts are repaired: records and state files are
 * repaired by `hanse doctor --repair` on a stopped node, for which nothing may be written meanwhile.
 */
export async function doctor(node: NodeContext, repair: boolean): Promise<Diagnosis> {
  const { database, artifacts, net, paths, config } = node
  const own = node.writer.publisher
  const findings: Finding[] = [...checkSettings(paths.home, config)]
  for await (const finding of checkStateFiles(paths, false)) findings.push(finding)
  for await (const finding of examine({ database, artifacts, net, own }, { repair: repair ? 'artifacts' : 'nothing' }))
    findings.push(finding)
  if (!repair) return { ok: findings.length === 0, findings }
  node.applyRelations()
  return { ok: findings.every(({ repaired }) => repaired), findings: findings.map(toldToStop) }
}

const toldToStop = (finding: Finding): Finding =>
  finding.repaired || finding.kind === 'network'
    ? finding
    : { ...finding, problem: `${finding.problem}; repaired only while the node is stopped` }
