import { describe, expect, it, test } from 'vitest'
import {
  matchesRelease,
  type PackageName,
  parseReleasePattern,
  releasePatternText,
} from '../../../src/protocol/index.ts'

const matches = (text: string, name: string, version: string): boolean => {
  const parsed = parseReleasePattern(text)
  if (!parsed.ok) throw new TypeError(parsed.why)
  return matchesRelease(parsed.value, name as PackageName, version)
}

describe('a pattern of releases', () => {
  it.each([
    ['npm:event-stream@3.3.6', 'pkg:npm/event-stream', '3.3.6', true],
    ['npm:event-stream@3.3.6', 'pkg:npm/event-stream', '3.3.7', false],
    ['npm:left-pad@^1', 'pkg:npm/left-pad', '1.9.0', true],
    ['npm:left-pad@^1', 'pkg:npm/left-pad', '2.0.0', false],
    ['npm:left-pad@^1', 'pkg:npm/left-pad', '1.2.0-beta.1', true],
    ['npm:left-pad@>=1 <2 || 3', 'pkg:npm/left-pad', '3.1.0', true],
    ['npm:left-pad', 'pkg:npm/left-pad', 'anything', true],
    ['npm:@acme/*', 'pkg:npm/%40acme/x', '1.0.0', true],
    ['npm:@acme/*@^2', 'pkg:npm/%40acme/x', '2.1.0', true],
    ['npm:@acme/*@^2', 'pkg:npm/%40acme/x', '1.0.0', false],
    ['npm:@acme/x@1.0.0', 'pkg:npm/%40acme/x', '1.0.0', true],
    ['npm:*@1.0.0', 'pkg:npm/%40acme/x', '1.0.0', true],
    ['pkg:npm/%40acme/x', 'pkg:npm/%40acme/x', '1.0.0', true],
    ['pypi:Django@~=4.2', 'pkg:pypi/django', '4.2.9', true],
    ['pypi:django@~=4.2', 'pkg:pypi/django', '5.0', false],
    ['pypi:django@4.2', 'pkg:pypi/django', '4.2.0', true],
    ['pypi:django@>=4', 'pkg:pypi/django', '5.0a1', true],
    ['cargo:keel@^1', 'pkg:cargo/keel', '1.4.0', true],
    ['generic:chart@7', 'pkg:generic/chart', '7', true],
    ['generic:chart@7', 'pkg:generic/chart', '7.0.0', false],
    ['*', 'pkg:generic/chart', '7', true],
  ])('%s names %s %s: %s', (pattern, name, version, expected) => {
    expect(matches(pattern, name, version)).toBe(expected)
  })

  it.each([
    'npm:x@',
    'npm:x@latest',
    'npm:x@not a range',
    'pypi:x@^^',
    'generic:x@^1',
    'npm:x@1\u0000',
    'x',
    '',
    '@',
    'npm:@acme',
  ])('%j is none', text => expect(parseReleasePattern(text)).toMatchObject({ ok: false, code: 'E_PATTERN' }))
})

test('a pattern is written as it was read', () => {
  for (const text of ['npm:@acme/*', 'npm:event-stream@3.3.6', 'npm:left-pad@>=1 <2', '*']) {
    const parsed = parseReleasePattern(text)
    expect(parsed.ok && releasePatternText(parsed.value)).toBe(text)
  }
})
