import { expect, test } from 'vitest'
import { licenceAnswerOf } from '../../../src/protocol/index.ts'

const answer = (expression: string | null, allow: readonly string[] | null, deny: readonly string[] = []): string => {
  const lower = (entries: readonly string[]) => entries.map(entry => entry.toLowerCase())
  const found = licenceAnswerOf(expression, { allow: allow === null ? null : lower(allow), deny: lower(deny) })
  return found.is === 'refused' ? `refused ${found.licences.join(', ')}` : found.is
}

test.each([
  ['MIT', ['MIT'], [], 'allowed'],
  ['ISC', ['MIT'], [], 'refused ISC'],
  ['MIT OR GPL-3.0-only', ['MIT'], [], 'allowed'],
  ['MIT AND GPL-3.0-only', ['MIT'], [], 'refused GPL-3.0-only'],
  ['(MIT OR GPL-3.0-only) AND ISC', ['MIT', 'ISC'], [], 'allowed'],
  ['(GPL-2.0-only OR GPL-3.0-only) AND ISC', ['MIT', 'ISC'], [], 'refused GPL-2.0-only, GPL-3.0-only'],
  ['MIT', null, [], 'allowed'],
  ['GPL-3.0-only', null, ['GPL-*'], 'refused GPL-3.0-only'],
  ['LGPL-3.0-only', null, ['GPL-*'], 'allowed'],
  ['GPL-3.0-only OR MIT', null, ['GPL-*'], 'allowed'],
  // A licence that grants more is as good as the one that is allowed.
  ['Apache-2.0 WITH LLVM-exception', ['Apache-2.0'], [], 'allowed'],
  ['Apache-2.0', ['Apache-2.0 WITH LLVM-exception'], [], 'refused Apache-2.0'],
  ['Apache-2.0+', ['Apache-2.0'], [], 'allowed'],
  ['GPL-2.0-or-later', ['GPL-2.0-only'], [], 'allowed'],
  ['GPL-2.0-only', ['GPL-2.0-or-later'], [], 'refused GPL-2.0-only'],
  // One that is denied is denied with what it adds, unless the whole is named.
  [
    'GPL-2.0-only WITH Classpath-exception-2.0',
    null,
    ['GPL-2.0-only'],
    'refused GPL-2.0-only WITH Classpath-exception-2.0',
  ],
  ['GPL-2.0-only WITH Classpath-exception-2.0', ['GPL-2.0-only WITH Classpath-exception-2.0'], ['GPL-*'], 'allowed'],
  ['GPL-2.0-or-later', null, ['GPL-2.0-only'], 'refused GPL-2.0-or-later'],
  // The old names of the GNU licences.
  ['GPL-2.0', null, ['GPL-2.0-only'], 'refused GPL-2.0-only'],
  ['GPL-2.0+', ['GPL-2.0-or-later'], [], 'allowed'],
  ['GPL-2.0-only', null, ['GPL-2.0'], 'refused GPL-2.0-only'],
  ['LicenseRef-ours', ['LicenseRef-ours'], [], 'allowed'],
  ['mit', ['MIT'], [], 'unknown'],
  ['SEE LICENSE IN LICENSE', null, [], 'unknown'],
  ['UNLICENSED', null, [], 'unknown'],
  ['', null, [], 'unknown'],
  [null, null, [], 'unknown'],
  ['MIT AND', null, [], 'unknown'],
  ['DocumentRef-', null, [], 'unknown'],
] as const)('%s under allow %j and deny %j is %s', (expression, allow, deny, expected) => {
  expect(answer(expression, allow, deny)).toBe(expected)
})

test('an expression of a hundred thousand brackets is no expression, and costs nothing', () => {
  expect(answer('('.repeat(100_000), null)).toBe('unknown')
  expect(answer(Array(50_000).fill('MIT').join(' OR '), null)).toBe('unknown')
})
