import { ClassicLevel } from 'classic-level'
import { type Document, documentKeyOf, type SearchIndex } from '../../../src/node/index/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

export function documentOf(name: string, description = '', more: Partial<Document> = {}): Document {
  const publisher = more.publisher ?? 'acme'
  const type = more.type ?? 'npm'
  const purl = `pkg:${type}/${name}`
  return {
    key: documentKeyOf(publisher, purl),
    publisher,
    package: purl,
    name,
    type,
    description,
    keywords: [],
    license: 'MIT',
    version: '1.0.0',
    popularity: 1,
    releasedMs: 0,
    quality: null,
    isPublic: true,
    ...more,
  }
}

/** A database in a folder of its own that goes away with it. */
export async function openDatabase() {
  const folder = await temporaryFolder()
  let db = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' })
  const open = async () => {
    const store = db.sublevel<string, Uint8Array>('search', { valueEncoding: 'view' })
    await store.open()
    return store
  }
  return {
    store: await open(),
    reopen: async () => {
      await db.close()
      db = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: 'view' })
      return open()
    },
    [Symbol.asyncDispose]: async () => {
      await db.close()
    },
  }
}

export type Store = Awaited<ReturnType<typeof openDatabase>>['store']

export const namesOf = (index: SearchIndex, text: string, limit = 10): string[] =>
  index.search({ text, limit }).map(hit => hit.document.name)

export async function* streamOf(documents: Iterable<Document>): AsyncGenerator<Document> {
  yield* documents
}
