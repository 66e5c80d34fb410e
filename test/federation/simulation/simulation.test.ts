import { expect, test } from 'vitest'
import { simulate } from './simulate.ts'

const SEEDS = 300

test(`ends with every honest node holding every record and the same digests, over ${SEEDS} seeds`, async () => {
  const failed: string[] = []
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { faults } = await simulate(seed)
    if (faults.length > 0) failed.push(`${faults[0]}; replay: scripts/simulate --seed ${seed}`)
  }
  expect(failed).toEqual([])
}, 600_000)

test('gives the same world for the same seed', async () => {
  expect(await simulate(7)).toEqual(await simulate(7))
})
