import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compilePolicy,
  evaluate,
  judge,
  type PolicyDocument,
  type PolicyFacts,
  type ReleaseState,
  STANDING_RULES,
  type Verdict,
  WAIVABLE_RULES,
  type Waiver,
} from '../../../src/protocol/index.ts'
import { factsOf, HOUR, MANIFEST, matchOf, NOW, named, PUBLISHERS_ROUTE, patternOf } from './releases.ts'

const { route: UPSTREAM } = factsOf()
const refused = { to: 'refused', refused: 'E_NO_ROUTE', why: 'none', hint: null, seen: [] } as const

const advisory = fc.record({
  id: fc.constantFrom('A', 'B'),
  kind: fc.constantFrom('malware', 'vulnerability'),
  severity: fc.constantFrom('low', 'moderate', 'high', 'critical', 'unknown'),
  summary: fc.constant('s'),
  fixed: fc.constantFrom(null, '2.0.0'),
} as const)
const time = fc.option(fc.integer({ min: NOW - 200 * HOUR, max: NOW + 10 * HOUR }))
const release = fc.option(
  fc.record({
    state: fc.constantFrom('live', 'yanked', 'conflict'),
    yankedWhy: fc.constant(null),
    expires: time,
  } as const),
)
const anyFacts: fc.Arbitrary<PolicyFacts> = fc
  .record({
    version: fc.constantFrom('1.2.3', '2.0.0', '0.1.0-rc.1'),
    route: fc.constantFrom(UPSTREAM, PUBLISHERS_ROUTE, refused),
    release: release as fc.Arbitrary<ReleaseState | null>,
    manifest: fc.option(
      fc.record({
        licence: fc.constantFrom(null, 'MIT', 'GPL-3.0-only', 'MIT OR GPL-3.0-only', 'nonsense('),
        installScripts: fc.constantFrom([], ['install']),
        deprecated: fc.constantFrom(null, 'old'),
        bytes: fc.constantFrom(null, 10, 10_000),
        unpackedBytes: fc.constantFrom(null, 10, 10_000),
      }),
    ),
    firstSeen: time,
    witnessed: time,
    advisories: fc.array(advisory, { maxLength: 3 }),
    lookAlike: fc.constantFrom(null, { of: 'npm:mask', how: 'a letter' }),
    exemption: fc.constantFrom(null, 'locked', 'installed'),
    dispute: fc.constantFrom(null, 'a and b disagree'),
  } as const)
  .map(factsOf)

const anyNamed = fc.array(fc.constantFrom(named('npm:mast'), named('npm:mast@^1'), named('npm:other')), {
  maxLength: 2,
})
const anyWaiver: fc.Arbitrary<Waiver> = fc.record({
  match: fc.constantFrom(...['npm:*', 'npm:mast@1.2.3', 'npm:other'].map(matchOf)),
  rules: fc.oneof(fc.constant('all' as const), fc.subarray([...WAIVABLE_RULES])),
  who: fc.constant('ann'),
  why: fc.constant('needed'),
  until: fc.option(fc.integer({ min: NOW - HOUR, max: NOW + 100 * HOUR })),
  line: fc.constant(null),
})
const except = fc.constantFrom([], [patternOf('npm:mast')])
const anyDocument: fc.Arbitrary<PolicyDocument> = fc.record({
  mode: fc.constantFrom('enforce', 'dry-run'),
  minimumAge: fc.option(fc.record({ hours: fc.integer({ min: 0, max: 100 }), except, line: fc.constant(1) })),
  licence: fc.option(
    fc.record({
      allow: fc.constantFrom(null, ['MIT']),
      deny: fc.constantFrom([], ['GPL-*']),
      unknown: fc.constantFrom('allow', 'deny'),
      except,
      line: fc.constant(2),
    } as const),
  ),
  advisory: fc.option(
    fc.record({
      severity: fc.constantFrom('low', 'moderate', 'high', 'critical', 'none'),
      malware: fc.constantFrom('deny', 'allow'),
      line: fc.constant(3),
    } as const),
  ),
  installScripts: fc.option(fc.record({ allow: except, line: fc.constant(4) })),
  deprecated: fc.option(fc.record({ decision: fc.constantFrom('allow', 'deny'), line: fc.constant(5) } as const)),
  size: fc.option(fc.record({ maxBytes: fc.constant(100), line: fc.constant(6) })),
  lookAlike: fc.option(
    fc.record({ decision: fc.constantFrom('hold', 'allow'), except, line: fc.constant(7) } as const),
  ),
  deny: anyNamed,
  allow: anyNamed,
  waivers: fc.array(anyWaiver, { maxLength: 3 }),
} as const)

/** How much a verdict keeps from a client: nothing, until a time, until somebody decides, for good. */
function strictness({ decision, until }: Verdict): number {
  if (decision === 'allow') return 0
  if (decision === 'deny') return Number.POSITIVE_INFINITY
  return until === null || until === undefined ? Number.MAX_VALUE : until
}

test('a waiver never makes a verdict stricter', () => {
  fc.assert(
    fc.property(anyFacts, anyDocument, anyWaiver, (facts, document, waiver) => {
      const before = judge(facts, compilePolicy(document), NOW)
      const after = judge(facts, compilePolicy({ ...document, waivers: [...document.waivers, waiver] }), NOW)
      expect(strictness(after.verdict)).toBeLessThanOrEqual(strictness(before.verdict))
      expect(strictness(after.enforced)).toBeLessThanOrEqual(strictness(before.enforced))
    }),
  )
})

test('malware is let pass by no exemption, no allowance and no waiver that does not name it', () => {
  fc.assert(
    fc.property(anyFacts, anyDocument, (facts, document) => {
      const waivers = document.waivers.filter(({ rules }) => rules === 'all' || !rules.includes('malware'))
      const advisory = { severity: 'none', malware: 'deny', line: 3 } as const
      const malware = { id: 'M', kind: 'malware', severity: 'unknown', summary: 's', fixed: null } as const
      const bad = { ...facts, advisories: [...facts.advisories, malware] }
      const policy = compilePolicy({ ...document, advisory, waivers })
      expect(evaluate(bad, policy, NOW)).toMatchObject({ decision: 'deny' })
      expect(evaluate(bad, policy, NOW).reasons.map(({ rule }) => rule)).toContain('malware')
    }),
  )
})

test('an exemption takes away holds of age and name, and nothing else', () => {
  fc.assert(
    fc.property(
      anyFacts,
      anyDocument,
      fc.constantFrom('locked' as const, 'installed' as const),
      (facts, document, exemption) => {
        const policy = compilePolicy(document)
        const rulesOf = (given: PolicyFacts) => evaluate(given, policy, NOW).reasons.map(({ rule }) => rule)
        const judged = rulesOf({ ...facts, exemption: null }).filter(
          rule => rule !== 'minimumAge' && rule !== 'lookAlike',
        )
        expect(rulesOf({ ...facts, exemption })).toEqual(judged)
      },
    ),
  )
})

test('the order of rules decides nothing', () => {
  const shuffled = anyDocument.chain(document => {
    const { rules, mode } = compilePolicy(document)
    return fc.record({
      policy: fc.constant({ rules, mode: mode ?? ('enforce' as const) }),
      other: fc
        .shuffledSubarray([...rules], { minLength: rules.length })
        .map(rules => ({ rules, mode: document.mode })),
    })
  })
  fc.assert(
    fc.property(anyFacts, shuffled, (facts, { policy, other }) => {
      const [a, b] = [judge(facts, policy, NOW), judge(facts, other, NOW)]
      expect(b.changesAt).toBe(a.changesAt)
      for (const of of ['verdict', 'enforced'] as const) {
        expect([b[of].decision, b[of].until]).toEqual([a[of].decision, a[of].until])
        expect(new Set(b[of].reasons)).toEqual(new Set(a[of].reasons))
      }
    }),
  )
})

test('dry-run says what enforcing says, and enforces the standing rules alone', () => {
  fc.assert(
    fc.property(anyFacts, anyDocument, (facts, document) => {
      const dry = judge(facts, compilePolicy({ ...document, mode: 'dry-run' }), NOW)
      const bound = judge(facts, compilePolicy({ ...document, mode: 'enforce' }), NOW)
      expect(dry.verdict).toEqual(bound.verdict)
      expect(bound.enforced).toEqual(bound.verdict)
      const standing = evaluate(facts, { rules: STANDING_RULES }, NOW)
      expect(strictness(dry.enforced)).toBeLessThanOrEqual(strictness(standing))
    }),
  )
})

test('a judgement stands until it says that it may change', () => {
  fc.assert(
    fc.property(anyFacts, anyDocument, fc.integer({ min: 0, max: 200 * HOUR }), (facts, document, later) => {
      const policy = compilePolicy(document)
      const { verdict, enforced, changesAt } = judge(facts, policy, NOW)
      const at = Math.min(NOW + later, (changesAt ?? Number.POSITIVE_INFINITY) - 1)
      expect(judge(facts, policy, at)).toMatchObject({ verdict, enforced })
    }),
  )
})

test('a manifest that nobody has read and one against which nothing can be said are both let pass', () => {
  fc.assert(
    fc.property(anyDocument, document => {
      const policy = compilePolicy({ ...document, deny: [], size: null })
      const free = factsOf({ manifest: MANIFEST, firstSeen: 0 })
      expect(evaluate({ ...free, manifest: null }, policy, NOW).decision).toBe('allow')
      expect(evaluate(free, policy, NOW).decision).toBe('allow')
    }),
  )
})
