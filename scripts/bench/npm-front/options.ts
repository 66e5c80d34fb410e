import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { MEASURES, type MeasureName } from './measures.ts'

/** What a run was asked to do. */
export interface BenchOptions {
  readonly rounds: number
  readonly only: ReadonlySet<MeasureName>
  /** `npm ci` at once in the burst. */
  readonly clients: number
  /** Ms that the replayed upstream waits before each answer. */
  readonly delayMs: number
  /** Ms of each load. */
  readonly loadMs: number
  /** Folder of the recording and of Verdaccio, kept between runs. */
  readonly cache: string
  /** Folder for what servers and clients write, kept after the run; null: a temporary one, removed. */
  readonly keep: string | null
  /** File for the figures as JSON, or null. */
  readonly json: string | null
}

export const USAGE = `scripts/bench/npm [options]
  --rounds N     rounds, each in another order (default 3)
  --only A,B     of: ${MEASURES.map(({ name }) => name).join(' ')}
  --clients N    npm ci at once in the burst (default 50)
  --delay MS     what the upstream waits before each answer (default 20)
  --load MS      length of each load (default 3000)
  --cache DIR    recording and Verdaccio, kept between runs (default ~/.cache/hanse-bench)
  --keep DIR     keep homes and logs there
  --json FILE    the figures of every round`

/** @throws Error for what is no option */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string' },
      clients: { type: 'string', default: '50' },
      delay: { type: 'string', default: '20' },
      load: { type: 'string', default: '3000' },
      cache: { type: 'string', default: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hanse-bench') },
      keep: { type: 'string' },
      json: { type: 'string' },
    },
  })
  return {
    rounds: countOf(values.rounds, 1),
    only: new Set(values.only === undefined ? MEASURES.map(({ name }) => name) : values.only.split(',').map(measureOf)),
    clients: countOf(values.clients, 1),
    delayMs: countOf(values.delay, 0),
    loadMs: countOf(values.load, 1),
    cache: values.cache,
    keep: values.keep ?? null,
    json: values.json ?? null,
  }
}

function countOf(text: string, least: number): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count >= least) return count
  throw new Error(`${text} is no number of at least ${least}\n${USAGE}`)
}

function measureOf(text: string): MeasureName {
  const found = MEASURES.find(({ name }) => name === text)
  if (found !== undefined) return found.name
  throw new Error(`${text} is no measure\n${USAGE}`)
}
