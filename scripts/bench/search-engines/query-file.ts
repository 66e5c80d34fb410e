import { readFile } from 'node:fs/promises'
import { InputError } from './input-error.ts'

/** The columns a query may ask for; every one that is present must be equal. */
const FILTER_COLUMNS = ['publisher', 'license', 'type', 'keyword'] as const

export type QueryFilter = Partial<Readonly<Record<(typeof FILTER_COLUMNS)[number], string>>>

/** What an engine is asked. */
export interface AskedQuery {
  readonly text: string
  readonly filter: QueryFilter
}

/** A query with the package that should be found; null: only its time counts. */
export interface JudgedQuery extends AskedQuery {
  readonly wanted: string | null
}

/** The queries of a file, by class, in the file's order. */
export interface QueryFile {
  readonly classes: ReadonlyMap<string, readonly JudgedQuery[]>
  /** Keys of filters that no corpus has, such as `tier`: not asked for. */
  readonly ignoredKeys: readonly string[]
}

/** Reads `{"class": [{"q": "text", "name": "wanted", "filter": {…}}, …], …}`. @throws InputError saying where it is not that */
export async function readQueryFile(file: string, perClass: number): Promise<QueryFile> {
  const text = await readFile(file, 'utf8').catch(error => {
    throw new InputError(`${file} cannot be read: ${(error as Error).message}`, { cause: error })
  })
  const ignored = new Set<string>()
  const classes = new Map<string, readonly JudgedQuery[]>()
  for (const [name, rows] of Object.entries(parsed(text, file))) {
    if (!Array.isArray(rows)) throw new InputError(`${file}: class ${name} is no list of queries`)
    const queries = rows.map((row, at) => queryOf(row, `${file}: query ${at + 1} of class ${name}`, ignored))
    if (queries.length > 0) classes.set(name, queries.slice(0, perClass))
  }
  if (classes.size === 0) throw new InputError(`${file} holds no queries`)
  return { classes, ignoredKeys: [...ignored] }
}

function parsed(text: string, file: string): object {
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch (error) {
    throw new InputError(`${file} is no JSON: ${(error as Error).message}`, { cause: error })
  }
  throw new InputError(`${file} is no JSON object of query classes`)
}

function queryOf(row: unknown, where: string, ignored: Set<string>): JudgedQuery {
  if (!isObject(row) || typeof row.q !== 'string') throw new InputError(`${where} has no text "q"`)
  const wanted = row.name ?? null
  if (wanted !== null && typeof wanted !== 'string') throw new InputError(`${where}: name is no text`)
  return { text: row.q, wanted, filter: filterOf(row.filter ?? {}, where, ignored) }
}

function filterOf(value: unknown, where: string, ignored: Set<string>): QueryFilter {
  if (!isObject(value)) throw new InputError(`${where}: filter is no object`)
  const filter: Record<string, string> = {}
  for (const [key, wanted] of Object.entries(value)) {
    if (!(FILTER_COLUMNS as readonly string[]).includes(key)) ignored.add(key)
    else if (typeof wanted !== 'string') throw new InputError(`${where}: filter ${key} is no text`)
    else filter[key] = wanted
  }
  return filter
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
