import { join } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { type Contender, type CorpusPackage, type Found, HITS, popularityBits } from './contender.ts'
import type { AskedQuery, QueryFilter } from './query-file.ts'

/**
 * Tuned on the dev queries of both corpora for the best sum of rank-1 and MRR@10: weights of name, keywords and
 * description in bm25, what one bit of popularity is worth, and that of the queried name itself.
 */
const TEXT_RANK = 'bm25(words, 6.0, 1.5, 2.0)'
const POPULARITY_BIT = 0.6
const SAME_NAME = 50
/** Best by text that are ranked again by the rest: reading it of every match is slower and finds no more. */
const RANKED_AGAIN = 200
const MAX_TOKENS = 64

const SCHEMA = `
  CREATE TABLE packages (
    id INTEGER PRIMARY KEY, name TEXT, keywords TEXT, description TEXT,
    publisher TEXT, license TEXT, type TEXT, popularity_bits REAL
  );
  CREATE VIRTUAL TABLE words USING fts5(
    name, keywords, description,
    content='packages', content_rowid='id', tokenize='porter unicode61', prefix='2 3'
  );
`

/** SQLite's FTS5 in a file, with stems, prefixes of two and three letters, and no stop words, as it has none. */
export const fts5Contender: Contender = {
  build: async (packages, folder) => {
    const db = new DatabaseSync(join(folder, 'packages.db'))
    db.exec(SCHEMA)
    db.exec('BEGIN')
    const insert = db.prepare('INSERT INTO packages VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)')
    for await (const each of packages) insert.run(...columnsOf(each))
    db.exec("INSERT INTO words(words) VALUES ('rebuild')")
    db.exec('COMMIT')
    db.exec('CREATE INDEX by_name ON packages(name); CREATE INDEX by_publisher ON packages(publisher)')
    db.exec("INSERT INTO words(words) VALUES ('optimize')")
    db.exec('ANALYZE')
    db.close()
  },
  open: async folder => {
    const db = new DatabaseSync(join(folder, 'packages.db'), { readOnly: true })
    const byName = db.prepare('SELECT name, description FROM packages WHERE name = ? AND publisher = ? AND type = ?')
    const search = searchIn(db)
    return {
      search,
      lookup: ({ publisher, name, type }) => byName.get(name, publisher, type) !== undefined,
      close: async () => db.close(),
    }
  },
}

function columnsOf(from: CorpusPackage): SQLInputValue[] {
  const { name, keywords, description, publisher, license, type, popularity } = from
  return [name, keywordText(keywords), description, publisher, license, type, popularityBits(popularity)]
}

/** Keywords between line feeds, so that one of them is found whole. */
const keywordText = (keywords: readonly string[]): string => `\n${keywords.join('\n')}\n`

/** All words first, then any of them where that gives too few. */
function searchIn(db: DatabaseSync): (query: AskedQuery) => Found[] {
  const statements = new Map<string, StatementSync>()
  const ask = (match: string, text: string, { sql, values }: Where): Found[] => {
    const statement = statements.get(sql) ?? db.prepare(searchSql(sql))
    statements.set(sql, statement)
    return statement.all(match, ...values, text) as unknown as Found[]
  }
  return ({ text, filter }) => {
    const terms = termsOf(text)
    if (terms.length === 0) return []
    const where = whereOf(filter)
    const all = ask(terms.join(' AND '), text, where)
    if (all.length >= HITS || terms.length === 1) return all
    const names = new Set(all.map(({ name }) => name))
    const any = ask(terms.join(' OR '), text, where).filter(({ name }) => !names.has(name))
    return [...all, ...any].slice(0, HITS)
  }
}

/** Columns are read of every match only where a filter needs them. */
const searchSql = (where: string): string => `
  SELECT p.name, p.description FROM (
    SELECT words.rowid AS id, ${TEXT_RANK} AS text_rank
    FROM words ${where === '' ? '' : 'JOIN packages f ON f.id = words.rowid'}
    WHERE words MATCH ? ${where} ORDER BY text_rank LIMIT ${RANKED_AGAIN}
  ) JOIN packages p USING (id)
  ORDER BY text_rank - ${POPULARITY_BIT} * p.popularity_bits - ${SAME_NAME} * (p.name = ?) LIMIT ${HITS}`

/** Distinct words in quotes, which no operator survives; the last one may be the start of a word. */
function termsOf(text: string): string[] {
  const words = [...new Set(text.toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? [])].slice(0, MAX_TOKENS)
  return words.map((word, at) => (at === words.length - 1 ? `"${word}" *` : `"${word}"`))
}

interface Where {
  readonly sql: string
  readonly values: readonly string[]
}

function whereOf({ publisher, license, type, keyword }: QueryFilter): Where {
  const tests: [string, string | undefined][] = [
    ['AND f.publisher = ?', publisher],
    ['AND f.license = ?', license],
    ['AND f.type = ?', type],
    ['AND instr(f.keywords, ?) > 0', keyword === undefined ? undefined : keywordText([keyword])],
  ]
  const asked = tests.filter((test): test is [string, string] => test[1] !== undefined)
  return { sql: asked.map(([sql]) => sql).join(' '), values: asked.map(([, value]) => value) }
}
