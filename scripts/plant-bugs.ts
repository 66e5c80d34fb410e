/**
 * Plants each bug of `test/federation/simulation/plants.ts` in a copy of the sources and lets the simulation, or the test that the
 * plant names, run on it. Prints a table; exit 1 if a bug is not caught or does not fit the sources any more.
 */
import { spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PLANTS, type Plant } from '../test/federation/simulation/plants.ts'

const ROOT = join(import.meta.dirname, '..')
const COPIED = ['src', 'test', 'scripts', 'package.json', 'tsconfig.json', 'vitest.config.ts']
/** Longest run of one plant, ms; what does not end is not caught. */
const LONGEST_MS = 1_200_000

interface Caught {
  readonly plant: Plant
  readonly by: string
  readonly how: string
}

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, seeds: { type: 'string', default: '100' } },
})
const waiting = PLANTS.filter(({ name }) => name.includes(values.only))
const results: Caught[] = []
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, () => plantInOneCopy()))
const caught = results.filter(({ by }) => by !== '')
console.log('\n| bug | caught by | how |\n| --- | --- | --- |')
for (const { name } of PLANTS) {
  const result = results.find(({ plant }) => plant.name === name)
  if (result !== undefined) console.log(`| ${name} | ${result.by || 'NOTHING'} | ${result.how} |`)
}
console.log(
  `\n${caught.length} of ${results.length} planted bugs caught, ${caught.filter(({ by }) => by.startsWith('seed')).length} by the simulation`,
)
process.exitCode = caught.length < results.length ? 1 : 0

async function plantInOneCopy(): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), 'hanse-plants-'))
  try {
    for (const name of COPIED) await cp(join(ROOT, name), join(copy, name), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
    for (let plant = waiting.shift(); plant !== undefined; plant = waiting.shift()) {
      const result = await tryOut(copy, plant)
      results.push(result)
      console.error(`${plant.name}: ${result.by || 'NOT CAUGHT'} ${result.how}`)
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function tryOut(copy: string, plant: Plant): Promise<Caught> {
  const path = join(copy, 'src', plant.file)
  const text = await readFile(path, 'utf8')
  if (text.split(plant.find).length !== 2) return { plant, by: '', how: 'does not fit the sources any more' }
  await writeFile(
    path,
    text.replace(plant.find, () => plant.replace),
  )
  try {
    return plant.test === undefined ? await bySimulation(copy, plant) : await byTest(copy, plant, plant.test)
  } finally {
    await writeFile(path, text)
  }
}

async function bySimulation(copy: string, plant: Plant): Promise<Caught> {
  const { code, out, err } = await run(copy, ['scripts/simulate.ts', '--seeds', values.seeds, '--first'])
  if (code === null)
    return { plant, by: '', how: `no answer in ${LONGEST_MS / 1_000} s, which a busy machine may be the reason of` }
  if (code === 0) return { plant, by: '', how: `nothing in ${values.seeds} seeds` }
  const line = out.trim().split('\n').at(-1) ?? ''
  if (!line.startsWith('{')) return { plant, by: 'seed 1', how: `it does not run: ${errorIn(err)}` }
  const { seed, faults } = JSON.parse(line) as { seed: number; faults: readonly string[] }
  return { plant, by: `seed ${seed}`, how: faults[0] ?? '' }
}

async function byTest(copy: string, plant: Plant, test: string): Promise<Caught> {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs')
  const report = join(copy, 'report.json')
  await rm(report, { force: true })
  const { code, err } = await run(copy, [
    vitest,
    'run',
    join('test', test),
    '--reporter=json',
    `--outputFile=${report}`,
  ])
  if (code === 0) return { plant, by: '', how: `nothing in ${test}` }
  const failed = failedIn(await readFile(report, 'utf8').catch(() => ''))
  return { plant, by: failed === null ? '' : test, how: failed ?? `the test does not run: ${errorIn(err)}` }
}

/** The first test that failed, of vitest's report; null if it says of none. */
function failedIn(report: string): string | null {
  if (report === '') return null
  const { testResults } = JSON.parse(report) as {
    readonly testResults: readonly {
      readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
    }[]
  }
  const all = testResults.flatMap(({ assertionResults }) => assertionResults)
  return all.find(({ status }) => status === 'failed')?.fullName ?? null
}

function errorIn(text: string): string {
  return /^\w*Error.*$/m.exec(text)?.[0].slice(0, 120) ?? 'without a word'
}

async function run(cwd: string, args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, args, { cwd, timeout: LONGEST_MS, stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { out: '', err: '' }
  child.stdout.on('data', chunk => {
    texts.out += chunk
  })
  child.stderr.on('data', chunk => {
    texts.err += chunk
  })
  const { promise, resolve } = Promise.withResolvers<number | null>()
  child.on('close', resolve)
  return { code: await promise, ...texts }
}
