import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { policyEnforceCommand } from '../../src/cli/commands/policy-enforce.ts'
import { policyTestCommand } from '../../src/cli/commands/policy-test.ts'
import { Output } from '../../src/cli/output.ts'
import type { View } from '../../src/cli/view.ts'

const release = { package: 'npm:mast', version: '1.0.0', decision: 'deny', line: null, until: null, message: 'no' }
const refused = (rule: string, hint: string | null) => ({ ...release, rule, hint })
const data = { mode: 'enforce', releases: 3, lockfile: 'x', skipped: 0, unknown: [], unanswered: [] }

function linesOf(view: View): string[] {
  const [out, err] = [new PassThrough(), new PassThrough()]
  new Output(false, { out, err }).result({}, view)
  return String(out.read()).split('\n')
}

/** What people are told to do. */
const helpFor = (...lines: readonly ReturnType<typeof refused>[]): string[] =>
  linesOf(policyTestCommand.view!({ ...data, refused: lines } as never)).filter(line => line.startsWith('help: '))

test('policy test names the commands that let what it refuses pass', () => {
  const ACCEPT = 'help: hanse policy accept --lockfile FILE lets what is locked stay, whatever its age or name'
  expect(helpFor()).toEqual([])
  expect(helpFor(refused('malware', null))).toEqual([])
  expect(helpFor(refused('lookAlike', 'waive 1'), refused('minimumAge', 'waive 2'))).toEqual([ACCEPT])
  expect(helpFor(refused('minimumAge', 'waive 1'), refused('licence', 'waive 2'))).toEqual([ACCEPT, 'help: waive 2'])
})

test('policy enforce says that what was installed young, or under such a name, stays', () => {
  const said = (rule: string) =>
    linesOf(
      policyEnforceCommand.view!({
        ...{ enforced: true, changed: true, installs: 1 },
        wouldRefuse: [{ ...refused(rule, null), who: ['ann'] }],
      } as never),
    ).some(line => line.includes('accept --lockfile'))
  expect(['lookAlike', 'minimumAge', 'malware', 'licence'].map(said)).toEqual([true, true, false, false])
})
