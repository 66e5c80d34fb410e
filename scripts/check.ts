/** Runs every check of the project and closes with one line: `N passed, N failed, N skipped`. */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const root = join(import.meta.dirname, '..')
const total: Counts = { passed: 0, failed: 0, skipped: 0 }

const checks: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['types', 'tsc', '--noEmit'],
  ['lint', 'biome', 'check', '--error-on-warnings', '.'],
  ['unused code', 'knip'],
]
for (const [name, command, ...args] of checks) {
  const code = await run(command, args)
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name}`)
  if (code === 0) total.passed++
  else total.failed++
}
await countTests(process.argv.slice(2))

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
if (total.failed > 0) process.exitCode = 1

async function countTests(args: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hanse-test-'))
  try {
    const report = join(folder, 'vitest.json')
    const code = await run('vitest', [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${report}`,
      ...args,
    ])
    const counts = await countsOf(report)
    total.passed += counts.passed
    total.skipped += counts.skipped
    // An error outside any test (a file that does not load) fails the run without a failed test.
    total.failed += counts.failed === 0 && code !== 0 ? 1 : counts.failed
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function countsOf(report: string): Promise<Counts> {
  try {
    const found = JSON.parse(await readFile(report, 'utf8')) as Record<string, number | undefined>
    return {
      passed: found.numPassedTests ?? 0,
      failed: found.numFailedTests ?? 0,
      skipped: (found.numPendingTests ?? 0) + (found.numTodoTests ?? 0),
    }
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }
  }
}

/** Resolves with the exit code; a tool that cannot be started counts as failed. */
function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise(resolve => {
    const child = spawn(join(root, 'node_modules/.bin', command), args, { cwd: root, stdio: 'inherit' })
    child.on('error', () => resolve(1))
    child.on('close', code => resolve(code ?? 1))
  })
}
