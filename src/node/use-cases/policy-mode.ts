import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { MAX_DRY_RUN_MS } from '../policy/limits.ts'
import { spanMsOf } from '../policy/moment-text.ts'
import { showPolicy } from './policy-show.ts'

/** A mode to be set by command; a dry-run ends by itself. */
export type ModeRequest =
  | { readonly mode: 'dry-run'; readonly for: string; readonly reason: string }
  | { readonly mode: 'enforce' }

/** Lets the rules refuse nothing for a time, or ends that. @throws NodeError E_USAGE */
export async function setMode(node: NodeContext, request: ModeRequest, who: string): Promise<object> {
  if (request.mode === 'dry-run') {
    const span = spanMsOf(request.for)
    if (span > MAX_DRY_RUN_MS) {
      throw new NodeError('E_USAGE', `--for ${request.for} is longer than 30 days`, {
        hint: 'write mode: dry-run into policy.yaml',
      })
    }
    const details = { who, what: 'policy.mode', mode: 'dry-run', for: request.for, why: request.reason }
    await node.policy.change(details, (decisions, at) => ({
      ...decisions,
      dryRun: { who, why: request.reason, at, until: at + span },
    }))
    return await showPolicy(node)
  }
  await node.policy.change({ who, what: 'policy.mode', mode: 'enforce' }, decisions =>
    decisions.dryRun === null ? decisions : { ...decisions, dryRun: null },
  )
  const shown = await showPolicy(node)
  if (node.policy.inForce().mode === 'enforce') return shown
  throw new NodeError('E_USAGE', 'policy.yaml says dry-run', {
    hint: 'hanse policy enforce says first what it would have refused',
  })
}
