import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runLeaks } from '../../scripts/leaks-nodes/leak-run.ts'
import { Needles } from '../../scripts/leaks-nodes/needles.ts'
import { seededRandom } from '../../scripts/leaks-nodes/seeded-random.ts'
import { temporaryFolder } from '../temporary-folder.ts'

// The whole of it is a script: scripts/leaks, 10,000 operations.
it('peers off the list receive no byte of what is not public, and hear of what is', async () => {
  const program = join(import.meta.dirname, '../../dist/hanse.js')
  const folder = await temporaryFolder()
  const report = await runLeaks({ program, folder, operations: 150, random: seededRandom(7) })
  expect(report.leaks).toEqual([])
  expect(report.oracles).toEqual([])
  expect(report.faults).toEqual([])
  expect(report.needles).toBeGreaterThan(100)
  expect(report.control.published).toBeGreaterThan(0)
  expect(report.control.heard).toBeGreaterThan(report.control.published / 2)
  expect(report.asker.protocols).toEqual(expect.arrayContaining(['/hanse/main/content/1', '/hanse/main/feed/1']))
}, 180_000)

it('a needle is found wherever it lies, also two that end alike', () => {
  const needles = new Needles()
  for (const text of ['first-tail', 'other-tail', 'zebrafish']) needles.add(text, Buffer.from(text))
  const found = needles.findIn('here', Buffer.from('first-tailother-tail.zebrafis.zebrafish'))
  expect(found.map(({ what, at }) => [what, at])).toEqual([
    ['first-tail', 0],
    ['other-tail', 10],
    ['zebrafish', 30],
  ])
})
