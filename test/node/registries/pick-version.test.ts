import { describe, expect, it } from 'vitest'
import { pickVersion } from '../../../src/node/registries/pick-version.ts'

describe('pickVersion', () => {
  it.each([
    ['npm', ['1.0.0', '1.2.0', '2.0.0'], '^1', '1.2.0'],
    ['npm', ['1.0.0', '2.0.0-beta.1'], null, '1.0.0'],
    ['npm', ['2.0.0-beta.1'], null, '2.0.0-beta.1'],
    ['npm', ['1.0.0'], '^2', null],
    ['npm', ['1.2.0', '1.3.0'], '1.2.0', '1.2.0'],
    ['cargo', ['1.2.0', '1.3.0'], '1.2', '1.3.0'],
    ['pypi', ['1.4', '1.4.2', '1.5'], '~=1.4.0', '1.4.2'],
    ['pypi', ['1.0', '2.0rc1'], null, '1.0'],
    ['pypi', ['1.0', '1.10', '1.9'], null, '1.10'],
    ['generic', ['1.9', '1.10'], null, '1.10'],
    ['generic', ['1.9'], '^1', null],
  ])('reads a range of %s %j %s as %s', (type, versions, range, expected) => {
    expect(pickVersion(type, versions, range)).toBe(expected)
  })

  it('refuses what is no range of the ecosystem', () => {
    expect(() => pickVersion('npm', ['1.0.0'], 'not a range!')).toThrow(expect.objectContaining({ code: 'E_RANGE' }))
    expect(() => pickVersion('npm', ['1.0.0'], '^1'.repeat(500))).toThrow(expect.objectContaining({ code: 'E_RANGE' }))
  })
})
