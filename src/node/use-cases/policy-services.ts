import type { PolicyServices } from '../http/policy-services.ts'
import type { NodeContext } from '../node-context.ts'
import { acceptLocked } from './policy-accept.ts'
import { enforcePolicy } from './policy-enforce.ts'
import { setMode } from './policy-mode.ts'
import { rollbackPolicy } from './policy-rollback.ts'
import { showPolicy } from './policy-show.ts'
import { testPolicy } from './policy-test.ts'
import { unwaive, waive } from './policy-waivers.ts'

/** The use cases about policy, as the HTTP API offers them. */
export const policyServicesOf = (node: NodeContext): PolicyServices => ({
  show: () => showPolicy(node),
  test: (locked, signal) => testPolicy(node, locked, signal),
  accept: (list, how) => acceptLocked(node, list, how),
  enforce: (how, signal) => enforcePolicy(node, how, signal),
  setMode: (request, who) => setMode(node, request, who),
  waive: (request, who) => waive(node, request, who),
  unwaive: (which, who) => unwaive(node, which, who),
  rollback: who => rollbackPolicy(node, who),
})
