import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { Output } from '../../src/cli/output.ts'
import { type LastWithheld, withheldView } from '../../src/cli/withheld-view.ts'

/** The lines that people get. */
function linesOf(answer: LastWithheld): string[] {
  const [out, err] = [new PassThrough(), new PassThrough()]
  new Output(false, { out, err }).result({}, withheldView(answer))
  return String(out.read()).trimEnd().split('\n')
}

const AT = Date.UTC(2026, 10, 21, 19, 5)
const UNTIL = Date.UTC(2026, 10, 24, 10)
const held = { decision: 'hold', enforced: true, message: 'published 5 hours ago', until: UNTIL, hint: null } as const

test('why --last tells people what, by which rule, until when, and what helps', () => {
  const versions = [
    { ...held, version: '1.3.1', hint: 'npm install left-pad@1.3.0' },
    { ...held, version: '1.3.0', decision: 'deny' as const, message: 'malware', until: null },
  ]
  const lines = linesOf({
    ...{ who: ['ci'], minutes: 10 },
    packages: [{ name: 'npm:left-pad', rule: 'age', who: 'ci', at: AT, versions }],
  })
  expect(lines).toEqual([
    'withheld from ci in the last 10 minutes, the newest first',
    '',
    'npm:left-pad@1.3.1  held until 2026-11-24 10:00 UTC',
    '  age: published 5 hours ago',
    '  help: npm install left-pad@1.3.0',
    'npm:left-pad@1.3.0  denied',
    '  age: malware',
    '  asked for at 2026-11-21 19:05 UTC',
    '  help: hanse why npm:left-pad@1.3.1',
  ])
})

test('many versions are counted, a dry-run says that it served, everybody’s says whose', () => {
  const versions = Array.from({ length: 5 }, (_, at) => ({
    ...held,
    version: `1.0.${at}`,
    until: null,
    enforced: false,
  }))
  const lines = linesOf({
    ...{ who: null, minutes: 10 },
    packages: [{ name: 'npm:x', rule: 'look-alike', who: '192.0.2.7', at: AT, versions }],
  })
  expect(lines[2]).toBe('npm:x@1.0.0  served; it would be held until somebody decides if the policy were enforced')
  expect(lines.slice(-3)).toEqual([
    '  and 2 more versions by the same rule',
    '  asked for at 2026-11-21 19:05 UTC, from 192.0.2.7',
    '  help: hanse why npm:x@1.0.0',
  ])
})

test('nothing withheld says so, and where else to look', () => {
  const lines = linesOf({ who: ['local', '127.0.0.1'], minutes: 10, packages: [] })
  expect(lines[0]).toBe('nothing was withheld from local or 127.0.0.1 in the last 10 minutes')
  expect(lines.slice(1)).toEqual([
    'help: hanse why npm:NAME@VERSION',
    'help: hanse why --last --token T, when the client sends a token of its own',
    'help: hanse why --last --all, what was withheld from everybody',
  ])
  expect(linesOf({ who: null, minutes: 10, packages: [] })[0]).toBe(
    'nothing was withheld from anyone in the last 10 minutes',
  )
})
