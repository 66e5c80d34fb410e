import { describe, expect, it, test } from 'vitest'
import type { AdvisoryFact, PolicyFacts } from '../../../src/protocol/index.ts'
import { BUILT_IN_POLICY, compilePolicy, judge } from '../../../src/protocol/index.ts'
import {
  factsOf,
  HOUR,
  MANIFEST,
  NOW,
  named,
  PUBLISHERS_ROUTE,
  patternOf,
  policyOf,
  saying,
  verdictOf,
  waiverOf,
} from './releases.ts'

describe('the minimum age', () => {
  const policy = policyOf({ minimumAge: { hours: 72, except: [patternOf('npm:@acme/*')], line: 3 } })

  it('holds what an upstream listed first less than so many hours ago, until they are over', () => {
    const young = factsOf({ firstSeen: NOW - HOUR })
    const until = NOW + 71 * HOUR
    const hint = 'hanse policy waive npm:mast@1.2.3 --rule minimumAge --why TEXT'
    const message = 'known since 2025-12-31T23:00:00.000Z; what an upstream publishes waits 72 h'
    expect(verdictOf(young, policy)).toEqual({
      decision: 'hold',
      until,
      reasons: [{ rule: 'minimumAge', message, line: 3, hint }],
    })
    expect(verdictOf(young, policy, until - 1).decision).toBe('hold')
    expect(verdictOf(young, policy, until)).toEqual({ decision: 'allow', reasons: [] })
  })

  it('takes the word of witnesses before its own, and holds without end what nobody ever saw', () => {
    expect(verdictOf(factsOf({ firstSeen: NOW, witnessed: NOW - 73 * HOUR }), policy).decision).toBe('allow')
    expect(verdictOf(factsOf({ firstSeen: 0, witnessed: NOW }), policy).decision).toBe('hold')
    expect(verdictOf(factsOf({ firstSeen: null }), policy)).toMatchObject({ decision: 'hold', until: null })
  })

  it('is for names of upstreams, and not for what is excepted, locked or installed already', () => {
    const young = { firstSeen: NOW }
    for (const free of [
      { route: PUBLISHERS_ROUTE },
      { package: 'pkg:npm/%40acme/x' as never },
      { exemption: 'locked' },
      { exemption: 'installed' },
    ] satisfies Partial<PolicyFacts>[]) {
      expect(saying(factsOf({ ...young, ...free }), policy)).toBe('allow')
    }
  })
})

describe('advisories', () => {
  const advisory = (given: Partial<AdvisoryFact>): AdvisoryFact => ({
    ...{ id: 'GHSA-1', kind: 'vulnerability', severity: 'high', summary: 'reads files', fixed: '1.2.4' },
    ...given,
  })
  const from = (severity: 'low' | 'moderate' | 'high' | 'critical' | 'none', malware: 'deny' | 'allow' = 'deny') =>
    policyOf({ advisory: { severity, malware, line: 5 } })

  it('deny from a severity on, with the identifier and the version that mends it', () => {
    const facts = factsOf({ advisories: [advisory({ severity: 'low', id: 'GHSA-0' }), advisory({})] })
    expect(verdictOf(facts, from('high')).reasons).toMatchObject([
      { rule: 'advisory', line: 5, message: 'GHSA-1 (high): reads files, fixed in 1.2.4' },
    ])
    expect(verdictOf(facts, from('low')).reasons[0]?.message).toBe(
      'GHSA-1 (high): reads files, fixed in 1.2.4; GHSA-0 (low): reads files, fixed in 1.2.4',
    )
    expect(saying(facts, from('critical'))).toBe('allow')
    expect(saying(facts, from('none'))).toBe('allow')
    const unknown = factsOf({ advisories: [advisory({ severity: 'unknown' })] })
    expect([saying(unknown, from('low')), saying(unknown, from('moderate'))]).toEqual(['deny advisory', 'allow'])
  })

  it('call malware what no severity, exemption and allowance lets pass, and a waiver of all rules neither', () => {
    const malware = advisory({ id: 'MAL-1', kind: 'malware', severity: 'unknown', fixed: null })
    const facts = factsOf({ advisories: [malware], exemption: 'installed', firstSeen: NOW, lookAlike: null })
    for (const document of [
      from('none'),
      { ...from('none'), allow: [named('npm:mast')] },
      { ...from('none'), waivers: [waiverOf('npm:mast', 'all')] },
    ]) {
      expect(verdictOf(facts, document).reasons).toMatchObject([{ rule: 'malware', message: 'MAL-1: reads files' }])
    }
    expect(verdictOf(facts, from('none')).reasons[0]).not.toHaveProperty('hint')
    // A waiver of another rule would let nothing pass either.
    const { reasons } = verdictOf(facts, { ...from('none'), deny: [named('npm:mast')] })
    expect(reasons.map(({ rule, hint }) => [rule, hint])).toEqual([
      ['malware', undefined],
      ['deny', undefined],
    ])
    expect(saying(facts, { ...from('none'), waivers: [waiverOf('npm:mast', ['malware'])] })).toBe('allow')
    expect(saying(facts, from('none', 'allow'))).toBe('allow')
  })

  it('are told three at a time', () => {
    const advisories = Array.from({ length: 5 }, (_, at) => advisory({ id: `G${at}`, fixed: null, summary: 's' }))
    expect(verdictOf(factsOf({ advisories }), from('low')).reasons[0]?.message).toBe(
      'G0 (high): s; G1 (high): s; G2 (high): s; and 2 more',
    )
  })
})

describe('what a manifest says', () => {
  const of = (given: Partial<typeof MANIFEST>) => factsOf({ manifest: { ...MANIFEST, ...given } })

  it('of scripts denies what is not on the list', () => {
    const policy = policyOf({ installScripts: { allow: [patternOf('npm:@acme/*')], line: 7 } })
    const building = of({ installScripts: ['binding.gyp'] })
    expect(verdictOf(building, policy).reasons).toMatchObject([{ rule: 'installScripts', line: 7 }])
    expect(verdictOf(building, policy).reasons[0]?.message).toContain('(binding.gyp)')
    expect(saying({ ...building, package: 'pkg:npm/%40acme/x' as never }, policy)).toBe('allow')
    expect(saying(of({}), policy)).toBe('allow')
    expect(saying(factsOf({ manifest: null }), policy)).toBe('allow')
  })

  it('of deprecation denies where that is asked for', () => {
    const old = of({ deprecated: 'use boom' })
    expect(verdictOf(old, policyOf({ deprecated: { decision: 'deny', line: 1 } })).reasons).toMatchObject([
      { rule: 'deprecated', message: 'deprecated by its publisher: use boom' },
    ])
    expect(saying(old, policyOf({ deprecated: { decision: 'allow', line: 1 } }))).toBe('allow')
    expect(saying(of({}), policyOf({ deprecated: { decision: 'deny', line: 1 } }))).toBe('allow')
  })

  it('of size denies above the bound; where the artifact’s is unknown the unpacked one is compared', () => {
    const policy = policyOf({ size: { maxBytes: 1_000, line: 2 } })
    expect(saying(of({ bytes: 1_000, unpackedBytes: 9_000 }), policy)).toBe('allow')
    expect(verdictOf(of({ bytes: 1_001 }), policy).reasons[0]?.message).toContain('it has 1001 bytes')
    expect(verdictOf(of({ bytes: null, unpackedBytes: 1_001 }), policy).reasons[0]?.message).toContain(
      'unpacks to 1001',
    )
    expect(saying(of({ bytes: null }), policy)).toBe('allow')
  })

  it('of licences denies by expression, and what has none where that is asked for', () => {
    const licence = { allow: ['MIT'], deny: [], unknown: 'deny', except: [patternOf('npm:free')], line: 4 } as const
    const policy = policyOf({ licence })
    expect(saying(of({ licence: 'MIT OR GPL-3.0-only' }), policy)).toBe('allow')
    expect(verdictOf(of({ licence: 'MIT AND GPL-3.0-only' }), policy).reasons).toMatchObject([
      { rule: 'licence', line: 4, message: 'licence GPL-3.0-only is not allowed' },
    ])
    expect(verdictOf(of({ licence: null }), policy).reasons[0]?.message).toBe('it names no licence')
    expect(verdictOf(of({ licence: 'SEE LICENSE IN x' }), policy).reasons[0]?.message).toBe(
      'its licence, "SEE LICENSE IN x", is no SPDX expression',
    )
    expect(saying(of({ licence: null }), policyOf({ licence: { ...licence, unknown: 'allow' } }))).toBe('allow')
    expect(saying({ ...of({ licence: 'GPL-3.0-only' }), package: 'pkg:npm/free' as never }, policy)).toBe('allow')
  })
})

describe('look-alikes', () => {
  const policy = policyOf({ lookAlike: { decision: 'hold', except: [patternOf('npm:expres')], line: 6 } })
  const alike = factsOf({ lookAlike: { of: 'npm:mask', how: 'a letter changed' } })

  it('are held until somebody decides', () => {
    expect(verdictOf(alike, policy)).toMatchObject({
      decision: 'hold',
      until: null,
      reasons: [{ rule: 'lookAlike', message: expect.stringContaining('npm:mask (a letter changed)') }],
    })
    expect(judge(alike, compilePolicy(policy), NOW).changesAt).toBeNull()
  })

  it('that were decided about, are installed or come from an allowed publisher are not', () => {
    for (const free of [
      { package: 'pkg:npm/expres' as never },
      { exemption: 'installed' },
      { route: PUBLISHERS_ROUTE },
    ] satisfies Partial<PolicyFacts>[]) {
      expect(saying({ ...alike, ...free }, policy)).toBe('allow')
    }
    expect(saying(alike, policyOf({ lookAlike: { decision: 'allow', except: [], line: 6 } }))).toBe('allow')
  })
})

test('releases that the operator named are denied or let pass, and what is allowed comes first', () => {
  const deny = [named('npm:mast@1.2.3', 'it steals keys'), named('npm:other')]
  expect(verdictOf(factsOf(), policyOf({ deny })).reasons).toMatchObject([
    { rule: 'deny', line: 9, message: 'npm:mast@1.2.3 is denied here: it steals keys' },
  ])
  expect(saying(factsOf({ version: '1.2.4' }), policyOf({ deny }))).toBe('allow')
  expect(saying(factsOf(), policyOf({ deny, allow: [named('npm:mast@^1')] }))).toBe('allow')
})

test('a disputed digest holds in every mode until a waiver that names it, and one of all rules does not', () => {
  const disputed = factsOf({ dispute: 'a says x, b says y' })
  const dry = policyOf({ mode: 'dry-run' })
  expect(judge(disputed, compilePolicy(dry), NOW).enforced).toMatchObject({ decision: 'hold', until: null })
  expect(saying(disputed, { ...dry, waivers: [waiverOf('npm:mast', 'all')] })).toBe('hold origin')
  expect(saying(disputed, { ...dry, waivers: [waiverOf('npm:mast', ['origin'])] })).toBe('allow')
})

test('a waiver lets what it matches pass the rules it names until its time, and the judgement says when to ask again', () => {
  const young = factsOf({ firstSeen: NOW })
  const document = { ...BUILT_IN_POLICY, waivers: [waiverOf('npm:mast@~1.2.0', ['minimumAge'], NOW + HOUR)] }
  const { verdict, changesAt } = judge(young, compilePolicy(document), NOW)
  expect([verdict.decision, changesAt]).toEqual(['allow', NOW + HOUR])
  expect(saying(young, document, NOW + HOUR)).toBe('hold minimumAge')
  expect(saying({ ...young, version: '1.3.0' }, document)).toBe('hold minimumAge')
  expect(saying({ ...young, lookAlike: { of: 'npm:mask', how: 'x' } }, document)).toBe('hold lookAlike')
})

test('in dry-run the same verdict is said and nothing of it binds', () => {
  const young = factsOf({ firstSeen: NOW })
  const { verdict, enforced } = judge(young, compilePolicy({ ...BUILT_IN_POLICY, mode: 'dry-run' }), NOW)
  expect(verdict).toEqual(verdictOf(young, BUILT_IN_POLICY))
  expect(enforced).toEqual({ decision: 'allow', reasons: [] })
})

test('a command that a reason gives is one that a shell reads as it is meant', () => {
  const facts = factsOf({ package: "pkg:generic/a;rm%20$HOME'" as never, firstSeen: NOW })
  const [reason] = verdictOf(facts, BUILT_IN_POLICY).reasons
  expect(reason?.hint).toMatch(/^hanse policy waive '.*' --rule minimumAge --why TEXT$/)
})
