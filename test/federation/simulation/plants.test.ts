import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PLANTS } from './plants.ts'

const SRC = join(import.meta.dirname, '../../../src')

test('every bug that scripts/plant-bugs plants still fits the sources, once', () => {
  const stale = PLANTS.filter(({ file, find }) => readFileSync(join(SRC, file), 'utf8').split(find).length !== 2)
  expect(stale.map(({ name }) => name)).toEqual([])
})

test('there are at least 20 of them, each with a name of its own', () => {
  expect(new Set(PLANTS.map(({ name }) => name)).size).toBe(PLANTS.length)
  expect(PLANTS.length).toBeGreaterThanOrEqual(20)
})
