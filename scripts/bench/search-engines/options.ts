import { homedir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ENGINES, type EngineName } from './contender.ts'
import { InputError } from './input-error.ts'

/** What a run was asked to do. */
export interface BenchOptions {
  /** Gzipped, one JSON object a line. */
  readonly corpus: string
  readonly queries: string
  readonly engines: readonly EngineName[]
  readonly queriesPerClass: number
  /** Queries of each class that Fuse.js is asked: it reads every package for each. */
  readonly fuseQueries: number
  /** Whether changes of our index are judged as well. */
  readonly updates: boolean
  /** Folder of the peers' packages, kept between runs. */
  readonly cache: string
  /** Folder for the indexes, kept after the run; null: a temporary one, removed. */
  readonly keep: string | null
  /** File for the figures as JSON, or null. */
  readonly json: string | null
}

export const USAGE = `scripts/bench/search --corpus FILE.jsonl.gz --queries FILE.json [options]
  --engines A,B            of: ${ENGINES.join(' ')} (default all)
  --queries-per-class N    at most so many of each class (default all)
  --fuse-queries N         queries of each class that fuse is asked, seconds each (default 5)
  --updates                then change our index and judge what it finds
  --cache DIR              the other engines, kept between runs (default ~/.cache/hanse-bench)
  --keep DIR               keep the indexes there
  --json FILE              every figure`

const TEXT = { type: 'string' } as const

/** @throws InputError for what is no option or misses one */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { corpus, queries, engines, ...values } = parsedArguments(args)
  if (corpus === undefined || queries === undefined) throw usageError('--corpus and --queries are needed')
  return {
    corpus,
    queries,
    engines: engines === undefined ? ENGINES : enginesOf(engines),
    queriesPerClass: countOf(values['queries-per-class'], '--queries-per-class', Number.POSITIVE_INFINITY),
    fuseQueries: countOf(values['fuse-queries'], '--fuse-queries', 5),
    updates: values.updates ?? false,
    cache: values.cache ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hanse-bench'),
    keep: values.keep ?? null,
    json: values.json ?? null,
  }
}

function parsedArguments(args: readonly string[]) {
  const texts = { corpus: TEXT, queries: TEXT, engines: TEXT, cache: TEXT, keep: TEXT, json: TEXT }
  const counts = { 'queries-per-class': TEXT, 'fuse-queries': TEXT }
  try {
    return parseArgs({ args: [...args], options: { ...texts, ...counts, updates: { type: 'boolean' } } }).values
  } catch (error) {
    throw usageError((error as Error).message)
  }
}

/** In the order of the tables, ours first: every figure of the others is held against it. */
function enginesOf(text: string): readonly EngineName[] {
  const wanted = text.split(',')
  const unknown = wanted.find(name => !(ENGINES as readonly string[]).includes(name))
  if (unknown !== undefined) throw usageError(`"${unknown}" is no engine`)
  return ENGINES.filter(name => wanted.includes(name))
}

function countOf(text: string | undefined, flag: string, otherwise: number): number {
  if (text === undefined) return otherwise
  const count = Number(text)
  if (Number.isSafeInteger(count) && count >= 1) return count
  throw usageError(`${flag} ${text} is no number of at least 1`)
}

const usageError = (message: string): InputError => new InputError(`${message}\n${USAGE}`)
