import type { CommandGroup } from '../command.ts'
import { policyAcceptCommand } from './policy-accept.ts'
import { policyCheckCommand } from './policy-check.ts'
import { policyEnforceCommand } from './policy-enforce.ts'
import { policyModeCommand } from './policy-mode.ts'
import { policyRollbackCommand } from './policy-rollback.ts'
import { policyShowCommand } from './policy-show.ts'
import { policyTestCommand } from './policy-test.ts'
import { policyUnwaiveCommand, policyWaiveCommand } from './policy-waive.ts'

/** `hanse policy show|check|test|accept|enforce|mode|waive|unwaive|rollback`. */
export const policyGroup: CommandGroup = {
  name: 'policy',
  summary: 'say what may be installed, and see what that would refuse',
  commands: [
    policyShowCommand,
    policyCheckCommand,
    policyTestCommand,
    policyAcceptCommand,
    policyEnforceCommand,
    policyModeCommand,
    policyWaiveCommand,
    policyUnwaiveCommand,
    policyRollbackCommand,
  ],
}
