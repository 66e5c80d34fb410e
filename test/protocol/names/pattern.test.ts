import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Pattern } from '../../../src/protocol/index.ts'
import { matchesPattern, matchesText, parsePattern, patternsOverlap } from '../../../src/protocol/index.ts'

test.each([
  ['*', 'pkg:npm/x', true],
  ['npm:*', 'pkg:npm/%40acme/x', true],
  ['npm:@acme/*', 'pkg:npm/%40acme/x', true],
  ['npm:@acme/*', 'pkg:npm/%40acme2/x', false],
  ['npm:@acme*', 'pkg:npm/%40acme2/x', true],
  ['npm:x', 'pkg:npm/xy', false],
  ['golang:github.com/acme/*', 'pkg:golang/github.com/acme/a/b', true],
  ['pypi:acme-*', 'pkg:pypi/acme-tool', true],
])('%s on %s: %s', (pattern, name, matches) => {
  expect(matchesPattern(pattern as Pattern, name as never)).toBe(matches)
})

test.each([
  ['npm:**', 'npm:*'],
  ['pypi:Acme_*', 'pypi:acme-*'],
  ['pypi:Acme.Tool', 'pypi:acme-tool'],
  ['pkg:npm/%40acme/x', 'npm:@acme/x'],
])('%s is kept as %s', (text, pattern) => {
  expect(parsePattern(text)).toEqual({ ok: true, value: pattern })
  expect(parsePattern(pattern)).toEqual({ ok: true, value: pattern })
})

test.each(['', 'npm', 'npm:x@1', 'npm:a *', 'NPM:*', 'npm:a?*', 'x'.repeat(257), 'npm:\u202e*'])(
  '%j is no pattern',
  text => {
    expect(parsePattern(text)).toMatchObject({ ok: false, code: 'E_PATTERN' })
  },
)

const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 })
const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })

test('matching agrees with a regular expression', () => {
  fc.assert(
    fc.property(pattern, text, (p, t) => {
      expect(matchesText(p, t)).toBe(new RegExp(`^${p.replaceAll('*', '.*')}$`).test(t))
    }),
    { numRuns: 2000 },
  )
})

test('patterns overlap exactly when some text matches both', () => {
  const short = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 4 })
  const texts = ['']
  for (const t of texts) if (t.length < 6) texts.push(`${t}a`, `${t}b`)
  fc.assert(
    fc.property(short, short, (a, b) => {
      expect(patternsOverlap(a, b)).toBe(texts.some(t => matchesText(a, t) && matchesText(b, t)))
    }),
    { numRuns: 2000 },
  )
})

test('a hostile pattern is answered, which backtracking would never do', () => {
  const hostile = 'a*'.repeat(127)
  expect(matchesText(`${hostile}b`, 'a'.repeat(5000))).toBe(false)
  expect(matchesText(`${hostile}b`, `${'a'.repeat(5000)}b`)).toBe(true)
})
