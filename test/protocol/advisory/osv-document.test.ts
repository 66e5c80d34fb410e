import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Advisory, type PackageName, parseOsvDocument } from '../../../src/protocol/index.ts'
import { affected, osv } from './osv-samples.ts'

const HULL = 'pkg:npm/hull' as PackageName

function parsed(more: object = {}): Advisory {
  const result = parseOsvDocument(osv(more))
  if (!result.ok) throw new Error(result.why)
  return result.value
}
const whyNot = (document: unknown): string => {
  const result = parseOsvDocument(document)
  return result.ok ? 'it is one' : result.why
}

test('a document becomes what it says of packages of known ecosystems', () => {
  const other = { package: { ecosystem: 'Alpine:v3.20', name: 'hull' }, versions: ['1'] }
  const scoped = affected('@acme/keel', [{ introduced: '2.0.0' }, { last_affected: '2.4.0' }])
  const advisory = parsed({ affected: [...(osv().affected as object[]), other, scoped] })
  expect(advisory).toMatchObject({ id: 'GHSA-aaaa-bbbb-cccc', kind: 'vulnerability', isWithdrawn: false })
  expect(advisory.modified).toBe(Date.UTC(2026, 2, 1))
  expect([...advisory.affected]).toEqual([
    [HULL, { spans: [{ introduced: '0', fixed: '1.2.3', lastAffected: null }], versions: [] }],
    ['pkg:npm/%40acme/keel', { spans: [{ introduced: '2.0.0', fixed: null, lastAffected: '2.4.0' }], versions: [] }],
  ])
})

test('several ranges and events of one package are joined, in order', () => {
  const events = [
    { fixed: '2.0.1' },
    { introduced: '2.0.0' },
    { introduced: '0' },
    { fixed: '1.0.1' },
    { introduced: '3' },
  ]
  const { spans } = parsed({
    affected: [affected('hull', events), affected('hull', [{ introduced: '5.0.0' }])],
  }).affected.get(HULL)!
  expect(spans.map(({ introduced, fixed }) => [introduced, fixed])).toEqual([
    ['0', '1.0.1'],
    ['2.0.0', '2.0.1'],
    ['3', null],
    ['5.0.0', null],
  ])
})

test.each([
  ['its id', { id: 'MAL-2026-1' }],
  ['another name of it', { aliases: ['CVE-2026-1', 'MAL-2026-1'] }],
  ['where it came from', { database_specific: { 'malicious-packages-origins': [{ source: 'x' }] } }],
  ['its weakness', { database_specific: { cwe_ids: ['CWE-506'] } }],
])('malware is told by %s, and is critical unless somebody says otherwise', (_what, more) => {
  expect(parsed(more)).toMatchObject({ kind: 'malware', severity: 'critical' })
})

test('malware that names no version is in every one; a vulnerability that names none is skipped', () => {
  const bare = [{ package: { ecosystem: 'npm', name: 'hull' } }]
  expect(parsed({ id: 'MAL-1', affected: bare }).affected.get(HULL)?.spans).toEqual([
    { introduced: '0', fixed: null, lastAffected: null },
  ])
  expect(whyNot(osv({ affected: bare }))).toBe('it names no versions')
  expect(whyNot(osv({ affected: [affected('hull', [{ introduced: 'soon' }])] }))).toBe('a range has what is no version')
})

test.each([
  [{ database_specific: { severity: 'MODERATE' } }, 'moderate'],
  [{ database_specific: { severity: 'high' } }, 'high'],
  [{ severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }] }, 'critical'],
  [
    { severity: [{ type: 'CVSS_V4', score: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N' }] },
    'unknown',
  ],
  [{ severity: [{ type: 'CVSS_V3', score: 'high' }] }, 'unknown'],
  [{}, 'unknown'],
])('%j is of severity %s', (more, severity) => {
  expect(parsed(more).severity).toBe(severity)
})

test('a summary is one line that steers nothing, taken from the details if need be', () => {
  expect(parsed({ summary: 'a\u001b[31m\n red\u202e b' }).summary).toBe('a [31m red b')
  expect(parsed({ summary: '', details: '\n## Impact \nIt sinks.' }).summary).toBe('Impact')
  expect(parsed({ summary: 'x'.repeat(10_000) }).summary).toHaveLength(200)
})

test('the reference is a web address, that of the advisory first', () => {
  const references = [
    { type: 'WEB', url: 'javascript:alert(1)' },
    { type: 'WEB', url: 'https://a.example/1' },
  ]
  expect(parsed({ references }).url).toBe('https://a.example/1')
  expect(parsed({ references: [...references, { type: 'ADVISORY', url: 'https://b.example/2' }] }).url).toBe(
    'https://b.example/2',
  )
  expect(parsed().url).toBeNull()
})

test('a withdrawn document is known as such and says nothing of packages', () => {
  const advisory = parsed({ withdrawn: '2026-04-01T00:00:00Z' })
  expect([advisory.isWithdrawn, advisory.affected.size]).toEqual([true, 0])
})

test.each([
  ['no object', 'hull'],
  ['nothing', null],
  ['no id', osv({ id: undefined })],
  ['an id that is a path', osv({ id: '../../x' })],
  ['an id without end', osv({ id: 'x'.repeat(1_000) })],
  ['no time', osv({ modified: 'yesterday' })],
  ['packages that are no list', osv({ affected: { 0: {} } })],
  ['too many packages', osv({ affected: Array.from({ length: 2_001 }, () => affected('hull', [])) })],
  [
    'too many events',
    osv({
      affected: [
        affected(
          'hull',
          Array.from({ length: 1_001 }, () => ({ fixed: '1.0.0' })),
        ),
      ],
    }),
  ],
])('%s is refused with a reason', (_what, document) => {
  expect(whyNot(document)).toMatch(/^not an OSV document: /)
})

test('names that no package can have are left out, and reach no prototype', () => {
  const names = ['', '__proto__', '../x', 'a b', 'x@1', `${'x'.repeat(300)}`, '@/x']
  const document = JSON.parse(
    JSON.stringify(osv({ affected: names.map(name => affected(name, [{ introduced: '0' }])) })).replace(
      '"summary"',
      '"__proto__": {"polluted": true}, "summary"',
    ),
  )
  const result = parseOsvDocument(document)
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  expect(result.ok ? [...result.value.affected.keys()] : []).toEqual(['pkg:npm/__proto__'])
})

test('unknown fields and broken additions mean nothing', () => {
  const more = { credits: [{}], severity: 'bad', references: [{ url: 7 }], aliases: 'x', database_specific: [1] }
  expect(parsed(more)).toMatchObject({ kind: 'vulnerability', severity: 'unknown', url: null })
})

test('whatever it is given, it answers', () => {
  const value = fc.object({
    key: fc.constantFrom('package', 'ecosystem', 'name', 'ranges', 'events', '__proto__', 'type'),
  })
  const field = fc.constantFrom('id', 'modified', 'affected', 'severity', 'references', 'aliases', 'database_specific')
  fc.assert(
    fc.property(field, fc.oneof(value, fc.array(value), fc.jsonValue()), (name, given) => {
      const result = parseOsvDocument(osv({ [name]: given }))
      expect(result.ok || result.why.length > 0).toBe(true)
    }),
    { seed: 11, numRuns: 500 },
  )
})
