/**
 * Kills a process with SIGKILL again and again while it merges its search index, and checks each time that the index is
 * whole: every acknowledged change, none by half, and the answers of a rebuild. Exit 1 when one was not.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { killMerges, killsOf } from '../test/node/index/crash-merge/crash-rounds.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
    documents: { type: 'string', default: '3000' },
  },
})
const [seed, count, packages] = [Number(values.seed), Number(values.count), Number(values.documents)]
if (![seed, count, packages].every(Number.isSafeInteger) || count < 1 || packages < 1) {
  console.error('usage: scripts/crash-merge [--count N] [--seed N] [--documents N]')
  process.exit(2)
}
const folder = await mkdtemp(join(tmpdir(), 'hanse-crash-merge-'))
try {
  const report = await killMerges({
    ...{ folder: join(folder, 'database'), seed, count, packages },
    onRound: done => {
      if (killsOf(done) % 10 === 0) console.error(`${killsOf(done)} kills, ${done.faults.length} faults`)
    },
  })
  const { building, swapping, cleaning } = report.kills
  console.log(
    `seed ${seed}, ${packages} packages: ${killsOf(report)} kills during a merge (${building} while building, ${swapping} at ` +
      `the swap, ${cleaning} at the clean-up; ${report.missed} more between merges), ${report.acknowledged} batches ` +
      `acknowledged, ${report.faults.length} faults`,
  )
  for (const fault of report.faults.slice(0, 50)) console.log(fault)
  process.exitCode = report.faults.length > 0 ? 1 : 0
} finally {
  await rm(folder, { recursive: true, force: true })
}
