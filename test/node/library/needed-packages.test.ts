import { expect, test } from 'vitest'
import { NeededPackages } from '../../../src/node/library/needed-packages.ts'
import type { PackageName, ReleaseSummary } from '../../../src/protocol/index.ts'

type Dependencies = NonNullable<ReleaseSummary['dependencies']>
const neededBy = (name: string, dependencies: Dependencies) =>
  new NeededPackages().of(name as PackageName, { summary: { dependencies } })

test('names are read as their ecosystem means them, each once', () => {
  expect(
    neededBy('pkg:npm/%40acme/x', [
      ['@acme/core', '^1', 'runtime'],
      ['left', '^1', 'peer'],
      ['left', '^2', 'optional'],
    ]),
  ).toEqual(['pkg:npm/%40acme/core', 'pkg:npm/left'])
  expect(neededBy('pkg:pypi/x', [['Zope.Interface', '>=5', 'runtime']])).toEqual(['pkg:pypi/zope-interface'])
})

test('an npm alias is the package it stands for', () => {
  expect(neededBy('pkg:npm/x', [['old', 'npm:@acme/core@^1', 'runtime']])).toEqual(['pkg:npm/%40acme/core'])
})

test('what developers alone need, the package itself and what is no name are left out', () => {
  expect(
    neededBy('pkg:npm/x', [
      ['..', '^1', 'runtime'],
      ['vitest', '^5', 'dev'],
      ['x', '^1', 'runtime'],
    ]),
  ).toEqual([])
})

test('one release counts for a bounded number of names', () => {
  const many = Array.from({ length: 1_000 }, (_, i) => [`p${i}`, '*', 'runtime'] as const)
  expect(neededBy('pkg:npm/x', many)).toHaveLength(256)
})
