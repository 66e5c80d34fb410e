import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import Fuse from 'fuse.js'
import { type Contender, type CorpusPackage, HITS } from './contender.ts'
import { writeDurably } from './durable-file.ts'
import { fitsFilter } from './peer-filter.ts'

const KEYS = [
  { name: 'name', weight: 3 },
  { name: 'keywords', weight: 1.5 },
  { name: 'description', weight: 1 },
]
const OPTIONS = { keys: KEYS, ignoreLocation: true, threshold: 0.4 }

/** Fuse.js alone, with its documented serialised index; it reads every package for every query. */
export const fuseContender: Contender = {
  build: async (packages, folder) => {
    const rows: CorpusPackage[] = []
    for await (const each of packages) rows.push(each)
    await writeDurably(join(folder, 'packages.json'), JSON.stringify(rows))
    await writeDurably(join(folder, 'index.json'), JSON.stringify(Fuse.createIndex(KEYS, rows)))
  },
  open: async folder => {
    const rows = JSON.parse(await readFile(join(folder, 'packages.json'), 'utf8')) as CorpusPackage[]
    const stored = JSON.parse(await readFile(join(folder, 'index.json'), 'utf8')) as Parameters<
      typeof Fuse.parseIndex
    >[0]
    const fuse = new Fuse(rows, OPTIONS, Fuse.parseIndex<CorpusPackage>(stored))
    return {
      search: ({ text, filter }) => {
        const isFiltered = Object.keys(filter).length > 0
        const hits = fuse.search(text, isFiltered ? {} : { limit: HITS }).map(({ item }) => item)
        return hits.filter(fitsFilter(filter)).slice(0, HITS)
      },
      close: async () => {},
    }
  },
}
