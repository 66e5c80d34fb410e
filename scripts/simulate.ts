/**
 * Runs the federation's simulation: `--seed N` replays one seed and prints how it ended; `--seeds COUNT --from N` runs many, spread
 * over threads, with progress on stderr and a summary on stdout; with `--first` until one fails, which it prints. Exit 1 if a seed fails, 2 for wrong arguments.
 */
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { type Outcome, simulate } from '../test/federation/simulation/simulate.ts'

/** Seeds that a thread takes at a time. */
const CHUNK = 20
/** Failing seeds that are told with what failed. */
const MAX_TOLD = 20

if (isMainThread) await main()
else parentPort!.on('message', (seeds: readonly number[]) => void answer(seeds))

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      first: { type: 'boolean', default: false },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const numbers = [values.seed ?? values.seeds ?? '1', values.from, values.workers].map(Number)
  if (!numbers.every(number => Number.isSafeInteger(number) && number > 0)) {
    console.error('usage: scripts/simulate [--seed N | --seeds COUNT --from N] [--workers N]')
    process.exitCode = 2
    return
  }
  const [first, from, workers] = numbers as [number, number, number]
  if (values.seeds !== undefined && values.first) return await firstFailure(from, first)
  if (values.seeds !== undefined) return await simulateMany(from, first, workers)
  const outcome = await simulate(first)
  console.log(JSON.stringify(outcome, null, 2))
  process.exitCode = outcome.faults.length > 0 ? 1 : 0
}

async function firstFailure(from: number, count: number): Promise<void> {
  for (let seed = from; seed < from + count; seed++) {
    const outcome = await simulate(seed)
    if (outcome.faults.length === 0) continue
    console.log(JSON.stringify(outcome))
    process.exitCode = 1
    return
  }
}

async function simulateMany(from: number, count: number, workers: number): Promise<void> {
  const startedAt = performance.now()
  const outcomes: Outcome[] = []
  let next = from
  const take = () => Array.from({ length: Math.min(CHUNK, from + count - next) }, () => next++)
  const note = (outcome: Outcome) => {
    outcomes.push(outcome)
    if (outcome.faults.length > 0) console.error(`seed ${outcome.seed}: ${outcome.faults[0]}`)
    if (outcomes.length % 100 === 0) console.error(`${outcomes.length} of ${count} seeds`)
  }
  await Promise.all(Array.from({ length: workers }, () => work(take, note)))
  summarise(outcomes, (performance.now() - startedAt) / 1_000)
}

/** One thread until no seed is left. */
async function work(take: () => readonly number[], note: (outcome: Outcome) => void): Promise<void> {
  const worker = new Worker(new URL(import.meta.url))
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let open = 0
  const more = () => {
    const seeds = take()
    open = seeds.length
    if (open > 0) worker.postMessage(seeds)
    else resolve()
  }
  worker.on('error', reject)
  worker.on('message', (outcome: Outcome) => {
    note(outcome)
    if (--open === 0) more()
  })
  more()
  await promise.finally(() => worker.terminate())
}

async function answer(seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) parentPort!.postMessage(await simulate(seed))
}

function summarise(outcomes: readonly Outcome[], seconds: number): void {
  const sum = (of: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + of(outcome), 0)
  const failed = outcomes.filter(({ faults }) => faults.length > 0).sort((a, b) => a.seed - b.seed)
  const steps = outcomes.map(outcome => outcome.steps).sort((a, b) => a - b)
  console.log(
    `${outcomes.length} seeds, ${failed.length} failed, ${Math.round(seconds)} s; ${sum(({ nodes }) => nodes)} honest nodes, ` +
      `${sum(({ hostile }) => hostile.length)} hostile peers, ${sum(({ crashes }) => crashes)} crashes, ` +
      `${sum(({ nodes, records }) => nodes * records)} records asked for; steps of 12 s: median ${steps[steps.length >> 1]}, most ${steps.at(-1)}`,
  )
  for (const { seed, faults } of failed.slice(0, MAX_TOLD))
    console.log(`seed ${seed}: ${faults.join('; ')}\n  replay: scripts/simulate --seed ${seed}`)
  process.exitCode = failed.length > 0 ? 1 : 0
}
