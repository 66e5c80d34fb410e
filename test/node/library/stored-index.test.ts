import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { META_KEY } from '../../../src/node/index/base-layout.ts'
import { encodeJson, parseStoredJson } from '../../../src/node/index/search-store.ts'
import { TOKENISER_VERSION } from '../../../src/node/index/tokenise.ts'
import { startNode } from '../../../src/node/index.ts'
import { openDataDirectory, openLevelDatabase } from '../../../src/node/storage/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const EMPTY = { mergedThrough: 0, generation: 0, documents: 0, terms: 0, termBytes: 0, nameBytes: 0 }

/** What the stored index of a node that does not run says of itself, before `change` is put over it. */
async function storedIndex(home: string, change: object = {}): Promise<object | null> {
  await using paths = await openDataDirectory(home)
  await using database = await openLevelDatabase(paths.database)
  const table = database.table('index')
  const meta = parseStoredJson(table.getSync(META_KEY)) as object | null
  const value = encodeJson({ ...EMPTY, ...meta, ...change })
  await database.commit([{ type: 'put', table: 'index', key: META_KEY, value }])
  return meta
}

test('a node whose stored index was made by another tokeniser makes it anew at its start, and finds everything', async () => {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  const running = async (use: (client: ApiClient) => Promise<void>) => {
    await using node = await startNode({ home, http: { host: '127.0.0.1', port: 0 }, network: 'off' })
    await use(new ApiClient(node.ready.http, (await findRunFile(home))?.token))
  }
  const found = async (client: ApiClient, q: string) =>
    (await client.call<{ hits: { purl: string }[] }>('GET', '/api/search', { query: { q } })).hits.map(hit => hit.purl)
  await running(async client => {
    for (const name of ['sextant', 'capstan']) {
      await writeFile(join(folder, name), name)
      await publishFile(client, join(folder, name), { purl: `pkg:generic/${name}@1` })
    }
  })
  // Once beside changes that were never merged, then with a base.
  for (const generation of [1, 2]) {
    await storedIndex(home, { tokeniser: TOKENISER_VERSION - 1 })
    await running(async client => {
      for (const [typed, name] of [
        ['sextnat', 'sextant'],
        ['capst', 'capstan'],
      ])
        expect(await found(client, typed!)).toEqual([`pkg:generic/${name}`])
    })
    expect(await storedIndex(home)).toMatchObject({ tokeniser: TOKENISER_VERSION, generation, documents: 2 })
  }
})
