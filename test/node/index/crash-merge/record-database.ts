import {
  type Document,
  mergeInWorker,
  openSearchIndex,
  type SearchIndex,
  type SearchStore,
} from '../../../../src/node/index/index.ts'
import { openLevelDatabase, type Write } from '../../../../src/node/storage/index.ts'
import { generatedPackage } from '../generated-packages.ts'

/** Package number and the revision that it now has; null: it is gone. */
export type Change = readonly [number: number, revision: number | null]

/** A home's database with records and the index of them as a node has it: each change in one batch with what the index stores of it. */
export async function openRecordDatabase(folder: string, observed: (store: SearchStore) => SearchStore = same => same) {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await openLevelDatabase(folder))
  const runMerge = mergeInWorker({ location: database.folder, sublevel: 'index' })
  const index = stack.use(await openSearchIndex(observed(database.table('index')), { runMerge }))
  return {
    index,
    /** The sublevel of the index. */
    store: database.table('index'),
    /** Resolves once all of the changes would survive. */
    commit: (changes: readonly Change[]): Promise<void> =>
      database.commit(changes.flatMap(change => writesOf(index, change))),
    records: async (): Promise<Map<number, Document>> => {
      const records = new Map<number, Document>()
      for await (const [key, value] of database.scan('records')) {
        records.set(Number(key), JSON.parse(Buffer.from(value).toString('utf8')) as Document)
      }
      return records
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

export type RecordDatabase = Awaited<ReturnType<typeof openRecordDatabase>>

function writesOf(index: SearchIndex, [number, revision]: Change): Write[] {
  const document = generatedPackage(number, revision ?? 0)
  const operations = revision === null ? index.remove(document.key) : index.upsert(document)
  const key = String(number)
  return [
    revision === null
      ? { type: 'del', table: 'records', key }
      : { type: 'put', table: 'records', key, value: Buffer.from(JSON.stringify(document)) },
    ...operations.map((operation): Write => ({ ...operation, table: 'index' })),
  ]
}
