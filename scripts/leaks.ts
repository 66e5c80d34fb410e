/**
 * Real nodes publish, install and search public, private and listed packages while two peers off the list record every byte they
 * receive: decrypted, on every stream, and as it lies on the wire. Exit 1 when a name, version, word, id or digest of what is not
 * public is found in it, when an answer tells what is hidden from what does not exist, or when public ones were not heard of.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runLeaks } from './leaks-nodes/leak-run.ts'
import { seededRandom } from './leaks-nodes/seeded-random.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    /** Another build. */
    program: { type: 'string', default: join(import.meta.dirname, '../dist/hanse.js') },
  },
})
const [operations, seed] = [Number(values.operations), Number(values.seed)]
if (!Number.isSafeInteger(operations) || !Number.isSafeInteger(seed) || operations < 1) {
  console.error('usage: scripts/leaks [--operations N] [--seed N]')
  process.exit(2)
}
const folder = await mkdtemp(join(tmpdir(), 'hanse-leaks-'))
try {
  const report = await runLeaks({
    ...{ program: values.program, folder, operations },
    random: seededRandom(seed),
    onProgress: done => {
      if (done % 500 === 0) console.error(`${done} operations`)
    },
  })
  const { control, needles, leaks, oracles, faults, listener, asker, answerMs } = report
  console.log(`seed ${seed}, ${operations} operations:`)
  for (const [kind, count] of Object.entries(report.done).sort()) console.log(`  ${String(count).padStart(6)}  ${kind}`)
  for (const [name, { plain, wire, protocols }] of Object.entries({ listener, asker }))
    console.log(`${name}: ${plain} bytes decrypted, ${wire} on the wire, over ${protocols.join(' ')}`)
  console.log(`public releases heard of: ${control.heard} of ${control.published}`)
  console.log(
    `an answer about what is hidden ${answerMs.hidden.toFixed(1)} ms, about nothing ${answerMs.absent.toFixed(1)} ms (medians)`,
  )
  console.log(
    `${needles} names, words, ids and digests looked for: ${leaks.length} found; ${oracles.length} answers told; ${faults.length} faults`,
  )
  for (const each of [
    ...leaks.slice(0, 20).map(({ what, where, at }) => `leak: ${what} at ${at} of ${where}`),
    ...oracles.slice(0, 20),
    ...faults,
  ])
    console.log(each)
  process.exitCode = leaks.length + oracles.length + faults.length > 0 || control.heard === 0 ? 1 : 0
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.exit()
