import { expect, test } from 'vitest'
import { changesToMerge } from '../../../src/node/index/merge-due.ts'

/** How often each document is written on the average while a base grows to so many. */
function timesWritten(documents: number, changesAt: (base: number) => number): number {
  let written = 0
  let base = 0
  while (base < documents) {
    base += changesAt(base)
    written += base
  }
  return written / base
}

test('a small base is merged after few changes, a large one after a share of it, and never after more than 16,384', () => {
  expect([0, 1_000, 2_000, 8_192, 60_000, 160_000, 1_000_000].map(changesToMerge)).toEqual([
    ...[512, 512, 1_000, 4_096, 4_096, 10_000, 16_384],
  ])
})

test('merging sooner while a base is small writes a document once more at most, once it has grown', () => {
  expect(timesWritten(4_096, changesToMerge)).toBeLessThan(3.5)
  for (const documents of [16_384, 65_536])
    expect(timesWritten(documents, changesToMerge)).toBeLessThan(timesWritten(documents, () => 4_096) + 1)
})
