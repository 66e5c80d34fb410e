import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'

/** Back to the policy before the last change, and what is different now. @throws NodeError E_NOT_FOUND when there is none */
export async function rollbackPolicy(node: NodeContext, who: string): Promise<object> {
  const undone = await node.policy.rollback(who)
  if (undone === null)
    throw new NodeError('E_NOT_FOUND', 'no change of policy is known here', { hint: 'hanse policy show' })
  return { ...undone, at: new Date(undone.at).toISOString(), mode: node.policy.inForce().mode }
}
