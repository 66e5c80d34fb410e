import { expect, test } from 'vitest'
import type { PeerId, PolicyFacts, PolicyRule, ReleaseState, Servable } from '../../../src/protocol/index.ts'
import { evaluate, mayServe, STANDING_RULES } from '../../../src/protocol/index.ts'

const facts = (state: ReleaseState['state'], yankedWhy: string | null = null): PolicyFacts => ({
  package: 'pkg:npm/x' as never,
  version: '1',
  route: { to: 'publisher', publisher: 'acme' as never, route: null, pin: false },
  release: { state, yankedWhy } as ReleaseState,
  manifest: null,
  firstSeen: null,
  witnessed: null,
  advisories: [],
  lookAlike: null,
  exemption: null,
  dispute: null,
})
const young: PolicyRule = {
  name: 'age',
  judge: () => ({ decision: 'hold', rule: 'age', message: 'too young', until: 100, line: 3 }),
}

test('a live release with a route is allowed without reasons', () => {
  expect(evaluate(facts('live'), { rules: STANDING_RULES }, 0)).toEqual({ decision: 'allow', reasons: [] })
})
test('a yanked or conflicting release and one without a route are denied with the reason', () => {
  const deny = (given: PolicyFacts) => evaluate(given, { rules: STANDING_RULES }, 0)
  expect(deny(facts('yanked', 'oops'))).toMatchObject({ decision: 'deny', reasons: [{ rule: 'yanked' }] })
  expect(deny(facts('conflict'))).toMatchObject({ decision: 'deny', reasons: [{ rule: 'conflict' }] })
  const route = { to: 'refused', refused: 'E_NO_ROUTE', why: 'none', hint: 'hanse allow', seen: [] } as const
  expect(deny({ ...facts('live'), route })).toMatchObject({ reasons: [{ rule: 'route', hint: 'hanse allow' }] })
})
test('a release whose writer was delegated for a time is denied from that moment on', () => {
  const release = { state: 'live', yankedWhy: null, expires: 100 } as ReleaseState
  const at = (now: number) => evaluate({ ...facts('live'), release }, { rules: STANDING_RULES }, now)
  expect(at(99).decision).toBe('allow')
  expect(at(100)).toMatchObject({ decision: 'deny', reasons: [{ rule: 'expired' }] })
  expect(
    evaluate({ ...facts('live'), release: { ...release, expires: null } }, { rules: STANDING_RULES }, 100),
  ).toEqual({ decision: 'allow', reasons: [] })
})
test('a hold holds until its time and is outdone by a denial', () => {
  const policy = { rules: [...STANDING_RULES, young] }
  const reasons = [{ rule: 'age', message: 'too young', line: 3 }]
  expect(evaluate(facts('live'), policy, 99)).toEqual({ decision: 'hold', until: 100, reasons })
  expect(evaluate(facts('live'), policy, 100).decision).toBe('allow')
  expect(evaluate(facts('conflict'), policy, 0)).toMatchObject({ decision: 'deny' })
})

const [listed, stranger] = ['listed', 'stranger'] as unknown as [PeerId, PeerId]
const what = (visibility: Servable['visibility'], blocked = false): Servable => ({
  kind: 'block',
  visibility,
  audience: new Set([listed]),
  blocked,
})
const peer = (id: PeerId) => ({ kind: 'peer', peer: id }) as const

test('a listed thing is served to this node and its list alone, a private one to this node', () => {
  expect(mayServe(what('listed'), { kind: 'local' })).toEqual({ may: true })
  expect(mayServe(what('listed'), peer(listed))).toEqual({ may: true })
  expect(mayServe(what('listed'), peer(stranger))).toEqual({ may: false, why: 'listed' })
  expect(mayServe(what('listed', true), peer(listed))).toEqual({ may: false, why: 'blocked' })
  expect(mayServe(what('private'), { kind: 'local' })).toEqual({ may: true })
  expect(mayServe(what('private'), peer(listed))).toEqual({ may: false, why: 'private' })
})
test('what is public is served to all, what no record names or is blocked to no peer', () => {
  expect(mayServe(what('public'), peer(stranger))).toEqual({ may: true })
  expect(mayServe(what('unnamed'), peer(listed))).toEqual({ may: false, why: 'unnamed' })
  expect(mayServe(what('public', true), peer(stranger))).toEqual({ may: false, why: 'blocked' })
})
