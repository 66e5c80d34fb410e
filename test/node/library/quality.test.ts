import { expect, test } from 'vitest'
import { qualityOf } from '../../../src/node/library/quality.ts'

const TOLD = { description: 'parses command line options', keywords: ['cli'], license: 'MIT OR Apache-2.0' }
const best = { type: 'npm', name: 'options', release: { version: '1.2.0', summary: TOLD, deprecated: null } }
const release = (change: object) => ({ ...best, release: { ...best.release, ...change } })
const summary = (change: object) => release({ summary: { ...TOLD, ...change } })

test('a package that tells all a reader needs is of quality 1, one that tells nothing of quality 0', () => {
  expect(qualityOf(best)).toBe(1)
  expect(qualityOf(release({ summary: {}, version: '0.1.0', deprecated: 'use another' }))).toBe(0)
})

test.each([
  ['a description of few words', summary({ description: 'options' })],
  [
    'a description that repeats the name',
    {
      ...summary({ description: 'Command-Line-Option-Parser' }),
      name: 'command-line-option-parser',
    },
  ],
  ['no keywords', summary({ keywords: [] })],
  ['a licence that is no SPDX expression', summary({ license: 'see LICENSE.txt' })],
  ['a deprecation', release({ deprecated: 'use another' })],
  ['a version below 1.0.0', release({ version: '0.9.0' })],
  ['a prerelease', release({ version: '2.0.0-rc.1' })],
])('%s costs a fifth', (_, described) => {
  expect(qualityOf(described)).toBeCloseTo(0.8)
})

test('stability is asked by the rules of the ecosystem, and not where there are none', () => {
  const of = (type: string, version: string) => qualityOf({ ...release({ version }), type })
  expect([of('pypi', '0.9'), of('pypi', '1.0rc1'), of('cargo', '0.3.1')]).toEqual([1, 0.8, 0.8])
  expect([of('deb', '2.36-9+deb12u4'), of('generic', 'nightly')]).toEqual([1, 1])
})
