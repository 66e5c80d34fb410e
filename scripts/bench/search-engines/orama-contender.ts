import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Contender, type CorpusPackage, type Found, HITS } from './contender.ts'
import { importPeer } from './peer-package.ts'
import type { QueryFilter } from './query-file.ts'

interface OramaModule {
  create(options: object): object
  insertMultiple(db: object, rows: readonly object[], batchSize: number): Promise<unknown>
  search(db: object, params: object): Results | Promise<Results>
}
interface Results {
  readonly hits: readonly { readonly document: Found }[]
}
interface PersistenceModule {
  persistToFile(db: object, format: 'binary', path: string): Promise<string>
  restoreFromFile(format: 'binary', path: string): Promise<object>
}

const SCHEMA = {
  name: 'string',
  keywords: 'string[]',
  description: 'string',
  publisher: 'enum',
  license: 'enum',
  type: 'enum',
  keyword: 'enum[]',
} as const

const BATCH = 500

/**
 * Its documented typo tolerance and field boosts; a threshold of 0 wants every word, without which descriptions are
 * hardly found. A document's popularity has no place in its score.
 */
const SEARCH = {
  properties: ['name', 'keywords', 'description'],
  boost: { name: 3, keywords: 1.5 },
  tolerance: 1,
  threshold: 0,
  limit: HITS,
}

/** Orama, kept on disk by its persistence plugin in its binary format. */
export async function oramaContender(peers: string): Promise<Contender> {
  const orama = await importPeer<OramaModule>(peers, '@orama/orama')
  const persistence = await importPeer<PersistenceModule>(peers, '@orama/plugin-data-persistence/server')
  return {
    build: async (packages, folder) => {
      const db = orama.create({ schema: SCHEMA })
      let rows: object[] = []
      for await (const each of packages) {
        if (rows.push(rowOf(each)) < BATCH) continue
        await orama.insertMultiple(db, rows, BATCH)
        rows = []
      }
      await orama.insertMultiple(db, rows, BATCH)
      const path = join(folder, 'index.msp')
      await persistence.persistToFile(db, 'binary', path)
      await using file = await open(path, 'r+')
      await file.sync()
    },
    open: async folder => {
      const db = await persistence.restoreFromFile('binary', join(folder, 'index.msp'))
      const foundOf = ({ hits }: Results): Found[] => hits.map(({ document }) => document)
      return {
        search: ({ text, filter }) => {
          const results = orama.search(db, { ...SEARCH, term: text, where: whereOf(filter) })
          return results instanceof Promise ? results.then(foundOf) : foundOf(results)
        },
        close: async () => {},
      }
    },
  }
}

const rowOf = ({ name, keywords, description, publisher, license, type }: CorpusPackage): object => ({
  name,
  keywords,
  description,
  publisher,
  license,
  type,
  keyword: keywords,
})

function whereOf({ keyword, ...equal }: QueryFilter): object {
  const tests = Object.entries(equal).map(([column, value]) => [column, { eq: value }])
  return Object.fromEntries(keyword === undefined ? tests : [...tests, ['keyword', { containsAll: [keyword] }]])
}
