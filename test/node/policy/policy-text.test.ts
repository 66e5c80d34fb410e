import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parsePolicyText } from '../../../src/node/policy/index.ts'
import { BUILT_IN_POLICY } from '../../../src/protocol/index.ts'

const refusalOf = (text: string): string => {
  try {
    parsePolicyText(text)
    return 'taken'
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_CONFIG' })
    return (error as Error).message
  }
}

test('a file that says nothing but its version is the built-in policy', () => {
  expect(parsePolicyText('version: 1\n')).toEqual(BUILT_IN_POLICY)
})

test('the commented default is the built-in policy, and each of its comments is one too', async () => {
  const text = await readFile(join(import.meta.dirname, '../../../config/policy.yaml'), 'utf8')
  const withoutLines = (value: unknown) =>
    JSON.parse(JSON.stringify(value, (key, each) => (key === 'line' ? null : each)))
  expect(withoutLines(parsePolicyText(text))).toEqual(withoutLines(BUILT_IN_POLICY))
  const uncommented = text.replaceAll(/^# (?= *(- .*|[a-zA-Z]+:( .*)?)$)/gm, '')
  const { licence, installScripts, deprecated, size, deny, allow, waivers } = parsePolicyText(uncommented)
  expect({ licence, installScripts, deprecated, size }).toEqual({
    licence: expect.objectContaining({ allow: ['MIT', 'Apache-2.0', 'ISC', 'BSD-*'], unknown: 'deny' }),
    installScripts: expect.objectContaining({ allow: ['npm:esbuild', 'npm:@acme/*'] }),
    deprecated: expect.objectContaining({ decision: 'deny' }),
    size: expect.objectContaining({ maxBytes: 52_428_800 }),
  })
  expect([deny.length, allow.length, waivers.length]).toEqual([2, 1, 1])
})

test('sections and entries know their lines, and what they leave out is as in the built-in policy', () => {
  const policy = parsePolicyText(
    [
      'version: 1',
      '# ages',
      'minimumAge:',
      "  except: ['npm:@acme/*']",
      'advisory: { severity: high }',
      'deny:',
      '  - npm:a',
      '  -',
      '    match: npm:b@^1',
      '    why: no',
    ].join('\n'),
  )
  expect(policy.minimumAge).toEqual({ hours: 72, except: ['npm:@acme/*'], line: 3 })
  expect(policy.advisory).toEqual({ severity: 'high', malware: 'deny', line: 5 })
  expect(policy.deny).toEqual([
    { match: { name: 'npm:a', range: null }, why: null, line: 7 },
    { match: { name: 'npm:b', range: '^1' }, why: 'no', line: 9 },
  ])
  expect(policy.lookAlike).toEqual(BUILT_IN_POLICY.lookAlike)
})

test('no hours switch the minimum age off', () => {
  expect(parsePolicyText('version: 1\nminimumAge: { hours: 0 }').minimumAge).toBeNull()
})

test.each(['AGPL', 'apache2', 'UNLICENSED', 'MIT OR ISC', 'mit'])(
  'a licence that is none, %s, is a fault and no rule',
  licence => {
    const text = (list: string) => `version: 1\nlicence:\n  ${list}: [MIT, ${licence}]\n`
    for (const list of ['allow', 'deny']) {
      expect(refusalOf(text(list))).toBe(
        `policy.yaml:3: licence.${list}.1 must be an SPDX id such as MIT, or have a * as in BSD-*`,
      )
    }
  },
)

test('a licence may be an id, one with an exception, and a pattern', () => {
  const named = ['GPL-3.0', 'GPL-2.0-only WITH Classpath-exception-2.0', 'LicenseRef-ours', 'Apache-2.0+', 'AGPL-*']
  expect(parsePolicyText(`version: 1\nlicence: { deny: ${JSON.stringify(named)} }\n`).licence?.deny).toEqual(named)
})

test('a day that no calendar has ends no waiver', () => {
  const waiver = 'match: npm:x, rules: all, who: me, why: y'
  expect(refusalOf(`version: 1\nwaivers:\n  - { ${waiver}, until: 2027-02-31 }\n`)).toMatch(
    /^policy.yaml:3: waivers.0.until must be a day/,
  )
  expect(refusalOf(`version: 1\nwaivers:\n  - { ${waiver}, until: 2028-02-29 }\n`)).toBe('taken')
})

test('a licence that nobody can read is denied where a list says what is allowed', () => {
  const unknownOf = (licence: string) => parsePolicyText(`version: 1\nlicence: ${licence}`).licence?.unknown
  expect([
    unknownOf('{ allow: [MIT] }'),
    unknownOf('{ deny: [MIT] }'),
    unknownOf('{ allow: [MIT], unknown: allow }'),
  ]).toEqual(['deny', 'allow', 'allow'])
})

test.each([
  ['', 'policy.yaml:1: policy must be a section with keys'],
  ['- a', 'policy.yaml:1: policy must be a section with keys'],
  ['mode: enforce', 'policy.yaml:1: version must be 1'],
  ['version: 2', 'policy.yaml:1: version must be 1'],
  ['version: 1\nmode: maybe', 'policy.yaml:2: mode must be dry-run or enforce'],
  ['version: 1\n\nminimumAge:\n  hours: soon', 'policy.yaml:4: minimumAge.hours must be of type number'],
  ['version: 1\nminimumAge: { hours: -1 }', 'policy.yaml:2: minimumAge.hours must be 0 at least'],
  [
    'version: 1\nminimumAge:\n  except:\n    - npm:ok\n    - left-pad',
    expect.stringMatching(/^policy\.yaml:5: minimumAge\.except\.1 must be a pattern of names, such as npm:@acme\/\*: /),
  ],
  ['version: 1\nminimumage: 3', 'policy.yaml:2: minimumage is no key of a policy'],
  [
    'version: 1\nadvisory:\n  severity: hi\n',
    'policy.yaml:3: advisory.severity must be low or moderate or high or critical or none',
  ],
  [
    'version: 1\ndeny:\n  - npm:a\n  - { match: npm:b, because: x }',
    'policy.yaml:4: deny.1.because is no key of a policy',
  ],
  [
    'version: 1\ndeny:\n  - npm:a@>>1',
    expect.stringMatching(/^policy\.yaml:3: deny\.0 must be names and maybe versions/),
  ],
  [
    'version: 1\nwaivers:\n  - match: npm:a\n    rules: [minimumage]\n    who: me\n    why: x',
    expect.stringMatching(/^policy\.yaml:4: waivers\.0\.rules\.0 must be the name of a rule: malware/),
  ],
  [
    'version: 1\nwaivers:\n  - { match: npm:a, rules: all, who: me }',
    expect.stringMatching(/^policy\.yaml:3: waivers\.0\.why must be/),
  ],
  [
    'version: 1\nwaivers:\n  - { match: npm:a, rules: all, who: me, why: x, until: later }',
    expect.stringMatching(/^policy\.yaml:3: waivers\.0\.until must be a day/),
  ],
  ['version: 1\nmode: [', expect.stringMatching(/^policy\.yaml:2: /)],
  ['version: 1\nmode: enforce\nmode: dry-run', expect.stringMatching(/^policy\.yaml:3: Map keys must be unique/)],
  ['version: 1\n__proto__: { mode: dry-run }', 'policy.yaml:2: __proto__ is no key of a policy'],
  ['version: 1\nallow: &a [npm:x]\ndeny: *a', 'policy.yaml: aliases are not used here'],
  [`version: 1\ndeny: ${'['.repeat(100_000)}`, expect.stringMatching(/^policy\.yaml/)],
  [`version: 1 # ${'x'.repeat(300_000)}`, 'policy.yaml: is larger than 262144 bytes'],
  [`version: 1\ndeny:\n${'  - npm:x\n'.repeat(1_001)}`, 'policy.yaml:2: deny must be 1000 entries at most'],
])('a file is refused with the place and what must be there: case %#', (text, message) => {
  expect(refusalOf(text)).toEqual(message)
})
