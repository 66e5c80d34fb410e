import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Contender, type CorpusPackage, type Found, HITS, popularityBits } from './contender.ts'
import { writeDurably } from './durable-file.ts'
import { fitsFilter } from './peer-filter.ts'
import { importPeer } from './peer-package.ts'

interface MiniSearchIndex {
  add(row: object): void
  toJSON(): object
  search(text: string, options: object): (CorpusPackage & Found)[]
}
interface MiniSearchModule {
  default: (new (
    options: object,
  ) => MiniSearchIndex) & {
    loadJSONAsync(json: string, options: object): Promise<MiniSearchIndex>
  }
}

const OPTIONS = {
  fields: ['name', 'keywords', 'description'],
  storeFields: ['name', 'description', 'keywords', 'publisher', 'license', 'type', 'bits'],
  extractField: (row: Record<string, unknown>, field: string) =>
    field === 'keywords' ? (row.keywords as string[]).join(' ') : row[field],
}

/** Its documented fuzzy search; popular packages count up to three times as much. */
const SEARCH = {
  prefix: true,
  fuzzy: 0.2,
  boost: { name: 3, keywords: 1.5 },
  boostDocument: (_id: unknown, _term: string, stored: { bits: number }) => 1 + stored.bits / 16,
}

/** MiniSearch, serialised as JSON. */
export async function minisearchContender(peers: string): Promise<Contender> {
  const { default: MiniSearch } = await importPeer<MiniSearchModule>(peers, 'minisearch')
  return {
    build: async (packages, folder) => {
      const index = new MiniSearch(OPTIONS)
      let id = 0
      for await (const each of packages) index.add({ id: id++, ...each, bits: popularityBits(each.popularity) })
      await writeDurably(join(folder, 'index.json'), JSON.stringify(index))
    },
    open: async folder => {
      const index = await MiniSearch.loadJSONAsync(await readFile(join(folder, 'index.json'), 'utf8'), OPTIONS)
      return {
        search: ({ text, filter }) => index.search(text, { ...SEARCH, filter: fitsFilter(filter) }).slice(0, HITS),
        close: async () => {},
      }
    },
  }
}
