import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Contender, type CorpusPackage, type Found, HITS } from './contender.ts'
import { writeDurably } from './durable-file.ts'
import { importPeer } from './peer-package.ts'
import type { QueryFilter } from './query-file.ts'

interface FlexDocument {
  add(row: object): void
  search(text: string, options: object): readonly { readonly doc: Found }[]
  export(take: (key: string, data: string | undefined) => Promise<void>): Promise<void>
  import(key: string, data: string): void
}
interface FlexSearchModule {
  readonly default: {
    readonly Document: new (options: object) => FlexDocument
    readonly Charset: Readonly<Record<'LatinBalance', object>>
  }
}

/** FlexSearch as its documentation has it for mistyped and unfinished words, exported in its own chunks; it has no popularity. */
export async function flexsearchContender(peers: string): Promise<Contender> {
  const { default: flexsearch } = await importPeer<FlexSearchModule>(peers, 'flexsearch')
  const encoder = flexsearch.Charset.LatinBalance
  const created = () =>
    new flexsearch.Document({
      document: {
        id: 'id',
        index: ['name', 'keywordText', 'description'].map(field => ({ field, tokenize: 'forward', encoder })),
        tag: ['publisher', 'license', 'type', 'keywords'].map(field => ({ field })),
        store: ['name', 'description'],
      },
    })
  return {
    build: async (packages, folder) => {
      const index = created()
      let id = 0
      for await (const each of packages) index.add(rowOf(each, id++))
      await index.export(async (key, data) => await writeDurably(join(folder, key), data ?? ''))
    },
    open: async folder => {
      const index = created()
      for (const key of await readdir(folder)) index.import(key, await readFile(join(folder, key), 'utf8'))
      return {
        search: ({ text, filter }) =>
          index.search(text, { limit: HITS, suggest: true, enrich: true, merge: true, ...tagsOf(filter) }).map(docOf),
        close: async () => {},
      }
    },
  }
}

const docOf = ({ doc }: { readonly doc: Found }): Found => doc

const rowOf = (from: CorpusPackage, id: number): object => ({ id, ...from, keywordText: from.keywords.join(' ') })

function tagsOf({ keyword, ...equal }: QueryFilter): object {
  const tag = keyword === undefined ? equal : { ...equal, keywords: keyword }
  return Object.keys(tag).length > 0 ? { tag } : {}
}
