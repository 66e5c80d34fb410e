import { expect, test } from 'vitest'
import { simulateKeepers } from './keepers.ts'

test.each([1, 2])(
  'seed %i: of 103 nodes each honest one has its connections among honest ones, whatever 31 hostile ones tell',
  async seed => {
    const { faults, fewest } = await simulateKeepers(seed)
    expect(faults).toEqual([])
    expect(fewest.own).toBeGreaterThanOrEqual(8)
  },
)
