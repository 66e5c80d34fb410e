import { type Asked, classFiguresOf, percentileOf, rankOf } from './class-figures.ts'
import type { CorpusPackage, PackageIdentity } from './contender.ts'
import type { EngineFigures, LookupFigures, OddFigures } from './engine-figures.ts'
import { EngineProcess, type EngineProgram } from './engine-process.ts'
import { ODD_TEXTS, oddQueryOf } from './odd-queries.ts'
import type { AskedQuery, JudgedQuery } from './query-file.ts'

/** Ms after which an engine is left out. */
const QUERY_LIMIT_MS = 120_000
const ODD_LIMIT_MS = 30_000
/** An engine that needs longer is warm by then. */
const WARM_UP_LIMIT_MS = 60_000

/** Queries that one engine answers before it is the next one's turn. */
const QUERIES_AT_ONCE = 10

/** What all engines are asked, in this order. */
export interface Questions {
  readonly warmUp: readonly AskedQuery[]
  readonly classes: ReadonlyMap<string, readonly JudgedQuery[]>
  readonly lookups: readonly CorpusPackage[]
  readonly fuseQueries: number
}

interface Running {
  readonly figures: EngineFigures
  readonly process: EngineProcess
  readonly asked: Asked[]
}

/** Opens every index in a process of its own and asks them in turns; the figures are written into `engines`. */
export async function askEngines(
  engines: readonly EngineFigures[],
  program: EngineProgram,
  folderOf: (figures: EngineFigures) => string,
  questions: Questions,
  bareBytes: number,
): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const running: Running[] = []
  for (const figures of engines.filter(({ error }) => error === null)) {
    const process = stack.use(await EngineProcess.start(figures.engine, program))
    await process.awake(async () => await process.ask({ do: 'open', folder: folderOf(figures) }))
    running.push({ figures, process, asked: [] })
  }
  const each = async (work: (one: Running) => Promise<void>): Promise<void> => {
    for (const one of running) await unlessFailed(one, work)
  }
  await each(async one => await warmUp(one, questions))
  await askInTurns(running, questions)
  await each(async ({ figures, process, asked }) => {
    figures.memoryBytes = (await process.residentBytes()) - bareBytes
    for (const className of questions.classes.keys()) {
      const answers = asked.filter(answer => answer.className === className)
      if (answers.length > 0) figures.classes[className] = classFiguresOf(answers)
    }
  })
  await each(async ({ figures, process }) => {
    figures.lookup = await lookUp(process, questions.lookups)
  })
  await each(async ({ figures, process }) => {
    figures.odd = await askOdd(process)
  })
}

async function unlessFailed(one: Running, work: (one: Running) => Promise<void>): Promise<void> {
  if (one.figures.error !== null) return
  try {
    await one.process.awake(async () => await work(one))
  } catch (error) {
    one.figures.error = (error as Error).message
    console.error(`  ${one.figures.error}`)
  }
}

async function warmUp({ figures, process }: Running, { warmUp, fuseQueries }: Questions): Promise<void> {
  const queries = figures.engine === 'fuse' ? warmUp.slice(0, fuseQueries) : warmUp
  const until = performance.now() + WARM_UP_LIMIT_MS
  for (const query of queries) {
    if (performance.now() > until) break
    await process.tried({ do: 'search', query }, QUERY_LIMIT_MS)
  }
}

/**
 * Some queries of every class, then the next: each lot to one engine after the other, every time another one first. Whoever is not
 * asked is stopped. One query at a time would measure how fast a processor forgets what another engine did not need.
 */
async function askInTurns(running: readonly Running[], { classes, fuseQueries }: Questions): Promise<void> {
  const longest = Math.max(...[...classes.values()].map(queries => queries.length))
  let turn = 0
  for (let at = 0; at < longest; at += QUERIES_AT_ONCE) {
    for (const [className, queries] of classes) {
      const first = turn++ % running.length
      for (const one of [...running.slice(first), ...running.slice(0, first)]) {
        const most = one.figures.engine === 'fuse' ? fuseQueries : queries.length
        const lot = queries.slice(at, Math.min(at + QUERIES_AT_ONCE, most))
        if (lot.length > 0) await unlessFailed(one, async () => await askLot(one, className, lot))
      }
    }
    if ((at + QUERIES_AT_ONCE) % 100 === 0) console.error(`  ${at + QUERIES_AT_ONCE} queries of each class`)
  }
}

async function askLot(one: Running, className: string, lot: readonly JudgedQuery[]): Promise<void> {
  for (const query of lot) await askOne(one, className, query)
}

async function askOne({ process, asked }: Running, className: string, query: JudgedQuery): Promise<void> {
  const { text, filter, wanted } = query
  const { ms, names, error } = await process.tried({ do: 'search', query: { text, filter } }, QUERY_LIMIT_MS)
  const rank = wanted === null ? null : rankOf(wanted, names)
  asked.push({ className, ms, rank, threw: error !== null })
}

async function lookUp(process: EngineProcess, packages: readonly CorpusPackage[]): Promise<LookupFigures | null> {
  const { times, found } = await process.ask({ do: 'lookup', packages: packages.map(identityOf) })
  if (times === null) return null
  const ascending = times.toSorted((left, right) => left - right)
  return { asked: times.length, found, p50: percentileOf(ascending, 50), p99: percentileOf(ascending, 99) }
}

const identityOf = ({ publisher, name, type }: CorpusPackage): PackageIdentity => ({ publisher, name, type })

/** A process that did not answer in time answers nothing more. */
async function askOdd(process: EngineProcess): Promise<OddFigures> {
  const ms: Record<string, number> = {}
  const threw: Record<string, string> = {}
  for (const [what, text] of Object.entries(ODD_TEXTS)) {
    const answer = await process.tried({ do: 'search', query: oddQueryOf(text) }, ODD_LIMIT_MS).catch(failureOf)
    ms[what] = answer.ms
    if (answer.error !== null) threw[what] = answer.error
    if ('ended' in answer) break
  }
  return { ms, threw }
}

const failureOf = (error: Error) => ({ ms: ODD_LIMIT_MS, error: error.message, ended: true })
