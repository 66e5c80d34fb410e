import semver from 'semver'
import { describe, expect, test } from 'vitest'
import { spansOf } from '../../../src/protocol/advisory/spans.ts'
import { versionOrderOf } from '../../../src/protocol/advisory/version-order.ts'
import { affectedMatcherOf, npmRangeOf } from '../../../src/protocol/index.ts'

const spansIn = (type: string, ...events: object[]) => spansOf(events, versionOrderOf(type)!)!
const matcher = (type: string, ...events: object[]) =>
  affectedMatcherOf(type, { spans: spansIn(type, ...events), versions: [] })

describe('versions of npm', () => {
  const matches = matcher(
    'npm',
    { introduced: '1.0.0' },
    { fixed: '1.2.3' },
    { introduced: '2.0.0' },
    { last_affected: '2.1.0' },
  )

  test.each([
    ['0.9.9', null],
    ['1.0.0-rc.1', null],
    ['1.0.0', '1.2.3'],
    ['1.2.3-beta.1', '1.2.3'],
    ['1.2.3', null],
    ['2.0.5', 'none'],
    ['2.1.0', 'none'],
    ['2.1.1', null],
    ['not a version', null],
    ['', null],
  ])('%s', (version, fixed) => {
    expect(matches(version)).toEqual(fixed === null ? null : { fixed: fixed === 'none' ? null : fixed })
  })

  test('from the start on, and for ever', () => {
    expect(matcher('npm', { introduced: '0' })('0.0.0-alpha')).toEqual({ fixed: null })
    expect(matcher('npm', { introduced: '1' }, { fixed: '2.0' })('1.9.9')).toEqual({ fixed: '2.0' })
  })

  test('a span without bounds is about what is no version, too', () => {
    expect(matcher('npm', { introduced: '0' })('not a version')).toEqual({ fixed: null })
    expect(matcher('pypi', { introduced: '0' })('not a version')).toEqual({ fixed: null })
    expect(matcher('npm', { introduced: '0' }, { fixed: '9.0.0' })('not a version')).toBeNull()
  })

  test('listed ones are affected whatever the ranges say', () => {
    const listed = affectedMatcherOf('npm', { spans: [], versions: ['1.0.0', '__proto__'] })
    expect(['1.0.0', '1.0.1', 'constructor'].map(listed)).toEqual([{ fixed: null }, null, null])
  })

  test('the range for npm means the same versions', () => {
    const spans = spansIn(
      'npm',
      { introduced: '1.0.0' },
      { fixed: '1.2.3' },
      { introduced: '2.0.0' },
      { last_affected: '2.1.0' },
    )
    const range = npmRangeOf({ spans, versions: ['3.0.0', '4.0.0'] }, ['3.0.0'])
    expect(range).toBe('>=1.0.0 <1.2.3 || >=2.0.0 <=2.1.0 || 3.0.0')
    for (const version of ['0.9.9', '1.0.0', '1.2.3-beta.1', '1.2.3', '2.1.0', '2.1.1', '3.0.0', '1.0.0-rc.1']) {
      const isIn = semver.satisfies(version, range, { includePrerelease: true, loose: true })
      expect([version, isIn]).toEqual([version, matches(version) !== null || version === '3.0.0'])
    }
    expect(npmRangeOf({ spans: spansIn('npm', { introduced: '0' }), versions: [] }, [])).toBe('*')
  })
})

test('other ecosystems have an order of their own', () => {
  expect(matcher('pypi', { introduced: '1.0' }, { fixed: '1.10' })('1.9.post1')).toEqual({ fixed: '1.10' })
  expect(matcher('golang', { introduced: '0' }, { fixed: '1.2.0' })('v1.1.9')).toEqual({ fixed: '1.2.0' })
  expect(affectedMatcherOf('maven', { spans: [], versions: ['1.0'] })('1.0')).toEqual({ fixed: null })
})
