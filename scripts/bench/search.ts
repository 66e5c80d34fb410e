/** This project's index beside other engines, built from one corpus and asked the same queries; see `search-engines/contender.ts`. */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir, totalmem } from 'node:os'
import { basename, join } from 'node:path'
import { askEngines, type Questions } from './search-engines/asking.ts'
import { measureBuild, measureFirst } from './search-engines/building.ts'
import { medianOf } from './search-engines/class-figures.ts'
import { type CorpusSample, sampleOf } from './search-engines/corpus.ts'
import { bundleEngines } from './search-engines/engine-bundle.ts'
import { type EngineFigures, noFigures } from './search-engines/engine-figures.ts'
import { bareResidentBytes, type EngineProgram } from './search-engines/engine-process.ts'
import { InputError } from './search-engines/input-error.ts'
import { warmUpQueries } from './search-engines/made-queries.ts'
import { type BenchOptions, parseOptions, USAGE } from './search-engines/options.ts'
import { engineVersionsOf, installPeers } from './search-engines/peer-package.ts'
import { type QueryFile, readQueryFile } from './search-engines/query-file.ts'
import { ratiosOf } from './search-engines/ratios.ts'
import { reportOf } from './search-engines/report.ts'
import { SeededRandom } from './search-engines/seeded-random.ts'

const SAMPLE = 5_000
const LOOKUPS = 2_000
const WARM_UP = 300
const FRESH_PROCESSES = 5
const BARE_PROCESSES = 3
const BAD_INPUT_EXIT = 2

// Engines that stand still end with this process alone.
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
try {
  if (process.argv.includes('--help')) console.log(USAGE)
  else await main(parseOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof InputError)) throw error
  console.error(`error: ${error.message}`)
  process.exitCode = BAD_INPUT_EXIT
}

async function main(options: BenchOptions): Promise<void> {
  const random = new SeededRandom()
  const file = await readQueryFile(options.queries, options.queriesPerClass)
  console.error(`reading ${options.corpus}`)
  const corpus = await sampleOf(options.corpus, SAMPLE, random)
  const folder = options.keep ?? (await mkdtemp(join(tmpdir(), 'hanse-bench-search-')))
  try {
    await mkdir(folder, { recursive: true })
    await measure(options, file, corpus, folder, random)
  } finally {
    if (options.keep === null) await rm(folder, { recursive: true, force: true })
  }
}

async function measure(
  options: BenchOptions,
  file: QueryFile,
  corpus: CorpusSample,
  folder: string,
  random: SeededRandom,
): Promise<void> {
  const program: EngineProgram = {
    path: await bundleEngines(join(folder, 'program')),
    peers: await installPeers(join(options.cache, 'search-engines'), options.engines),
  }
  const folderOf = ({ engine }: EngineFigures): string => join(folder, engine)
  const engines = options.engines.map(noFigures)
  await buildAll(engines, program, options.corpus, folder, folderOf)
  const questions = questionsOf(options, file, corpus, random)
  const bareBytes = medianOf(await Promise.all(Array.from({ length: BARE_PROCESSES }, bareResidentBytes)))
  for (const figures of engines) {
    await unlessFailed(figures, async () => {
      const queries = questions.warmUp.slice(0, FRESH_PROCESSES)
      figures.first = await measureFirst(figures.engine, program, folderOf(figures), queries, bareBytes)
    })
  }
  console.error('asking')
  await askEngines(engines, program, folderOf, questions, bareBytes)
  console.log(headerOf(options, file, corpus, bareBytes))
  console.log(reportOf(engines, [...file.classes.keys()]))
  const updates = options.updates ? await updatesOf(folder, questions, corpus, random) : null
  if (updates !== null) console.log(`\n${updates.table}`)
  if (updates?.isRight === false || engines.some(({ engine, error }) => engine === 'ours' && error !== null)) {
    process.exitCode = 1
  }
  if (options.json === null) return
  const figures = { ...contextOf(options, file, corpus, bareBytes), engines, ratios: ratiosOf(engines) }
  await writeFile(options.json, `${JSON.stringify({ ...figures, updates: updates?.checks ?? null }, null, 2)}\n`)
}

/** Builds from a copy of the corpus that is gone before anything is asked. */
async function buildAll(
  engines: readonly EngineFigures[],
  program: EngineProgram,
  corpus: string,
  folder: string,
  folderOf: (figures: EngineFigures) => string,
): Promise<void> {
  const copy = join(folder, 'corpus.jsonl.gz')
  await copyFile(corpus, copy)
  for (const figures of engines) {
    console.error(`building ${figures.engine}`)
    await rm(folderOf(figures), { recursive: true, force: true })
    await unlessFailed(figures, async () => {
      figures.build = await measureBuild(figures.engine, program, copy, folderOf(figures))
    })
  }
  await rm(copy)
}

async function unlessFailed(figures: EngineFigures, work: () => Promise<void>): Promise<void> {
  if (figures.error !== null) return
  try {
    await work()
  } catch (error) {
    figures.error = (error as Error).message
    console.error(`  ${figures.error}`)
  }
}

/** Loads our index into this process only where it is asked for. */
async function updatesOf(folder: string, { classes }: Questions, { sample }: CorpusSample, random: SeededRandom) {
  const { judgeUpdates } = await import('./search-engines/updates.ts')
  return await judgeUpdates(folder, classes, sample, random)
}

function questionsOf(
  { fuseQueries }: BenchOptions,
  { classes }: QueryFile,
  { sample }: CorpusSample,
  random: SeededRandom,
): Questions {
  const taken = new Set([...classes.values()].flatMap(queries => queries.map(({ text }) => text)))
  const warmUp = warmUpQueries(sample, WARM_UP, taken, random)
  return { warmUp, classes, lookups: sample.slice(0, LOOKUPS), fuseQueries }
}

function contextOf(options: BenchOptions, { ignoredKeys }: QueryFile, { packages }: CorpusSample, bareBytes: number) {
  return {
    corpus: basename(options.corpus),
    queries: basename(options.queries),
    packages,
    ignoredFilterKeys: ignoredKeys,
    fuseQueries: options.fuseQueries,
    node: process.version,
    cpus: cpus().length,
    memoryBytes: totalmem(),
    bareBytes,
    versions: engineVersionsOf(options.engines),
  }
}

function headerOf(options: BenchOptions, file: QueryFile, corpus: CorpusSample, bareBytes: number): string {
  const { node, cpus, memoryBytes, versions, ...context } = contextOf(options, file, corpus, bareBytes)
  const engines = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  const gigabytes = (memoryBytes / 2 ** 30).toFixed(0)
  const notes = [
    `${context.corpus}: ${context.packages.toLocaleString('en')} packages, queries of ${context.queries}.`,
    `Node ${node}, ${cpus} cores, ${gigabytes} GiB${engines.length > 0 ? `; ${engines.join(', ')}` : ''}.`,
    'Each engine in a process of its own, started anew after the corpus was removed and asked in turns, ten queries at a time while the others stand still, each query once.',
    `Memory is what a process has above a bare Node process (${(bareBytes / 1e6).toFixed(0)} MB); ratios are to ours.`,
  ]
  if (options.engines.includes('fuse')) notes.push(`fuse is asked the first ${options.fuseQueries} queries of a class.`)
  if (file.ignoredKeys.length > 0) notes.push(`Not asked for, as no corpus has it: ${file.ignoredKeys.join(', ')}.`)
  return `${notes.join('\n')}\n`
}
