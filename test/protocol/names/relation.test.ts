import { expect, test } from 'vitest'
import type { Pattern, Relation, RelationChange } from '../../../src/protocol/index.ts'
import { changeRelation, isAllowed, NO_RELATION, relationText } from '../../../src/protocol/index.ts'

const acme = 'npm:@acme/*' as Pattern
const follow: Relation = { ...NO_RELATION, follow: true }
const any: Relation = { ...follow, allow: 'any' }
const some: Relation = { ...follow, allow: [acme] }
const mirror: Relation = { ...follow, mirror: true }
const origin: Relation = { ...follow, origin: true }
const block: Relation = { ...NO_RELATION, block: true }
const allowAny: RelationChange = { do: 'allow', patterns: [] }
const allowAcme: RelationChange = { do: 'allow', patterns: [acme] }
const disallow: RelationChange = { do: 'disallow', patterns: [] }

test.each<[string, Relation, RelationChange, Relation | 'E_RELATION']>([
  ['follow starts', NO_RELATION, { do: 'follow' }, follow],
  ['allow implies follow', NO_RELATION, allowAny, any],
  ['allow with a pattern allows that', NO_RELATION, allowAcme, some],
  ['allow twice is once', some, allowAcme, some],
  ['allow widens', some, allowAny, any],
  ['a pattern takes nothing from any', any, allowAcme, any],
  ['mirror implies follow, not allow', NO_RELATION, { do: 'mirror' }, mirror],
  ['mirror leaves allow', any, { do: 'mirror' }, { ...any, mirror: true }],
  ['mirror with a number of copies', NO_RELATION, { do: 'mirror', copies: 3 }, { ...mirror, copies: 3 }],
  ['mirror again leaves the number', { ...mirror, copies: 3 }, { do: 'mirror' }, { ...mirror, copies: 3 }],
  ['mirror goes back to everything', { ...mirror, copies: 3 }, { do: 'mirror', copies: 'all' }, mirror],
  ['unmirror forgets the number', { ...mirror, copies: 3 }, { do: 'unmirror' }, follow],
  ['disallow leaves follow and mirror', { ...any, mirror: true }, disallow, mirror],
  ['disallow of the last pattern is none', some, { do: 'disallow', patterns: [acme] }, follow],
  ['unmirror leaves allow', { ...any, mirror: true }, { do: 'unmirror' }, any],
  ['unfollow ends following', follow, { do: 'unfollow' }, NO_RELATION],
  ['unfollow refuses while allow stands', any, { do: 'unfollow' }, 'E_RELATION'],
  ['allow for origin implies follow and nothing else', NO_RELATION, { do: 'allow-origin' }, origin],
  ['allow for origin leaves allow', any, { do: 'allow-origin' }, { ...any, origin: true }],
  ['disallow leaves origin', { ...any, origin: true }, disallow, origin],
  ['disallow for origin leaves allow', { ...any, origin: true }, { do: 'disallow-origin' }, any],
  ['unfollow refuses while origin stands', origin, { do: 'unfollow' }, 'E_RELATION'],
  ['block clears origin', origin, { do: 'block' }, block],
  ['a blocked one is not allowed for origin', block, { do: 'allow-origin' }, 'E_RELATION'],
  ['unfollow refuses while mirror stands', mirror, { do: 'unfollow' }, 'E_RELATION'],
  ['block clears all', { ...any, mirror: true }, { do: 'block' }, block],
  ['a blocked one is not allowed by accident', block, allowAny, 'E_RELATION'],
  ['nor mirrored', block, { do: 'mirror' }, 'E_RELATION'],
  ['follow lifts a block', block, { do: 'follow' }, follow],
])('%s', (_, before, change, after) => {
  const answer = changeRelation(before, change, 'acme')
  expect(answer.ok ? answer.relation : answer.code).toEqual(after)
})

test('a relation is named by its strongest words', () => {
  expect(
    [NO_RELATION, follow, any, origin, mirror, { ...any, origin: true, mirror: true }, block].map(relationText),
  ).toEqual(['none', 'follow', 'allow', 'origin', 'mirror', 'allow+origin+mirror', 'block'])
})

test('an allowance covers the names of its patterns', () => {
  expect(isAllowed(some, 'pkg:npm/%40acme/x' as never)).toBe(true)
  expect(isAllowed(some, 'pkg:npm/x' as never)).toBe(false)
  expect(isAllowed(mirror, 'pkg:npm/x' as never)).toBe(false)
})
