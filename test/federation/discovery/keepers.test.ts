import { expect, test } from 'vitest'
import { simulateKeepers } from './keepers.ts'

test('of 70 nodes each honest one has its connections among honest ones, whatever 21 hostile ones tell', async () => {
  const { faults, fewest } = await simulateKeepers(1)
  expect(faults).toEqual([])
  expect(fewest.own).toBeGreaterThanOrEqual(8)
})
