import { expect, test } from 'vitest'
import { lastWithheld } from '../../../src/node/use-cases/last-withheld.ts'
import { VerdictLog, type WithheldVersion } from '../../../src/node/verdict-log/index.ts'

const entryOf = (more: Partial<WithheldVersion> = {}): WithheldVersion => ({
  ...{ at: 0, who: 'ci', purl: 'pkg:npm/left', version: '1.0.0', rule: 'age', message: 'too young' },
  ...{ decision: 'hold', enforced: true },
  ...more,
})

test('each asker has its own, the newest first, once for every version and rule', () => {
  const log = new VerdictLog(() => 10)
  log.note(entryOf({ at: 1 }))
  log.note(entryOf({ at: 2, version: '2.0.0' }))
  log.note(entryOf({ at: 3, who: '192.0.2.7' }))
  log.note(entryOf({ at: 4, message: 'still too young' }))
  log.note(entryOf({ at: 4, rule: 'licence' }))
  expect(log.lastFor('ci').map(({ at, version, rule, message }) => [at, version, rule, message])).toEqual([
    [4, '1.0.0', 'licence', 'too young'],
    [4, '1.0.0', 'age', 'still too young'],
    [2, '2.0.0', 'age', 'too young'],
  ])
  expect(log.lastFor('192.0.2.7')).toHaveLength(1)
  expect(log.lastFor('nobody')).toEqual([])
  expect(log.last()).toHaveLength(4)
})

test('ten minutes later it is forgotten', () => {
  let now = 0
  const log = new VerdictLog(() => now)
  log.note(entryOf())
  now = 600_000 - 1
  expect(log.lastFor('ci')).toHaveLength(1)
  now++
  expect([log.lastFor('ci'), log.last()]).toEqual([[], []])
})

test('strangers fill no more than its bounds, and the asker heard of last is kept', () => {
  const log = new VerdictLog(() => 1)
  const text = 'x'.repeat(10_000)
  for (let at = 0; at < 2_000; at++) {
    log.note(entryOf({ at: 1, who: `10.0.${at >> 8}.${at & 255}`, version: text, message: text }))
  }
  for (let at = 0; at < 2_000; at++) log.note(entryOf({ at: 1, version: `1.0.${at}` }))
  expect(log.lastFor('ci')).toHaveLength(512)
  expect(log.lastFor('ci')[0]?.version).toBe('1.0.1999')
  expect(log.last().length).toBe(512 + 999)
  expect(log.lastFor('10.0.7.207')[0]?.message).toHaveLength(300)
  for (let who = 0; who < 100; who++) {
    for (let at = 0; at < 300; at++) log.note(entryOf({ at: 1, who: `t${who}`, version: `1.0.${at}` }))
  }
  expect(log.last().length).toBeLessThanOrEqual(16_384)
  expect(log.lastFor('t99')).toHaveLength(300)
})

test('the answer to people has versions of a package under the rule that withheld them', () => {
  const verdicts = new VerdictLog(() => 10)
  verdicts.note(entryOf({ at: 1, until: 99, hint: 'use 0.9.0' }))
  verdicts.note(entryOf({ at: 2, version: '2.0.0', purl: 'pkg:npm/%40acme/x', decision: 'deny', rule: 'advisory' }))
  verdicts.note(entryOf({ at: 3, version: '1.1.0', enforced: false }))
  verdicts.note(entryOf({ at: 4, who: '127.0.0.1' }))
  const { packages, minutes } = lastWithheld({ verdicts }, ['ci', '127.0.0.1'])
  expect(minutes).toBe(10)
  expect(packages.map(({ name, who, at, rule, versions }) => [name, who, at, rule, versions.length])).toEqual([
    ['npm:left', '127.0.0.1', 4, 'age', 1],
    ['npm:left', 'ci', 3, 'age', 2],
    ['npm:@acme/x', 'ci', 2, 'advisory', 1],
  ])
  expect(packages[1]?.versions).toEqual([
    { version: '1.1.0', decision: 'hold', enforced: false, message: 'too young', until: null, hint: null },
    { version: '1.0.0', decision: 'hold', enforced: true, message: 'too young', until: 99, hint: 'use 0.9.0' },
  ])
  expect(lastWithheld({ verdicts }, null).packages).toHaveLength(3)
  expect(lastWithheld({ verdicts }, ['else']).packages).toEqual([])
})
