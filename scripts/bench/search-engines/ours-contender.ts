import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { type Document, documentKeyOf, openSearchIndex, type SearchFilter } from '../../../src/node/index/index.ts'
import { type Contender, type CorpusPackage, HITS } from './contender.ts'
import type { QueryFilter } from './query-file.ts'

/** The index of this project in a LevelDB database of its own, through the interface that the node uses. */
export const oursContender: Contender = {
  build: async (packages, folder) => {
    await using database = await openOurs(folder)
    await database.index.rebuild(documentsOf(packages))
  },
  open: async folder => {
    const { index, [Symbol.asyncDispose]: close } = await openOurs(folder)
    return {
      search: ({ text, filter }) =>
        index.search({ text, limit: HITS, filter: searchFilterOf(filter) }).map(({ document }) => document),
      lookup: ({ publisher, name, type }) => index.lookup(documentKeyOf(publisher, purlOf(name, type)))?.name === name,
      close,
    }
  },
}

/** The index, and how changes of it reach the disk. */
export async function openOurs(folder: string) {
  const db = new ClassicLevel<string, Uint8Array>(join(folder, 'level'), { valueEncoding: 'view' })
  const store = db.sublevel<string, Uint8Array>('search', { valueEncoding: 'view' })
  await store.open()
  const index = await openSearchIndex(store)
  return {
    index,
    write: async (operations: ReturnType<typeof index.upsert>) => await store.batch(operations, {}),
    [Symbol.asyncDispose]: async () => {
      await index[Symbol.asyncDispose]()
      await db.close()
    },
  }
}

/** A corpus has no releases: what only they have is the same for every package. */
export function documentOf(from: CorpusPackage): Document {
  const { name, publisher, description, keywords, license, version, popularity } = from
  const purl = purlOf(name, from.type)
  const words = { name, description, keywords, license, version }
  const signals = { isPublic: true, popularity, releasedMs: 0, quality: null }
  return { key: documentKeyOf(publisher, purl), publisher, package: purl, type: from.type, ...words, ...signals }
}

async function* documentsOf(packages: AsyncIterable<CorpusPackage>): AsyncGenerator<Document> {
  for await (const each of packages) yield documentOf(each)
}

const purlOf = (name: string, type: string): string =>
  `pkg:${type}/${name.split('/').map(encodeURIComponent).join('/')}`

function searchFilterOf({ publisher, license, type, keyword }: QueryFilter): SearchFilter {
  const list = (value: string | undefined) => (value === undefined ? [] : [value])
  return { publishers: list(publisher), licenses: list(license), types: list(type), keywords: list(keyword) }
}
