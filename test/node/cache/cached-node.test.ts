import { open, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openLevelDatabase } from '../../../src/node/storage/index.ts'
import { eventually } from '../../e2e/hanse-process.ts'
import { type FakeRegistry, startFakeRegistry } from '../upstream/fake-registry.ts'
import { CacheNode } from '../use-cases/cache-node.ts'

const stack = new AsyncDisposableStack()
let registry: FakeRegistry
let node: CacheNode
beforeAll(async () => {
  registry = stack.use(await startFakeRegistry())
  for (const name of ['a', 'b', 'c']) await registry.publish(name, '1.0.0')
  node = stack.use(await CacheNode.start())
  await node.route('npm:*', 'fake', registry.url, { trustTime: true })
})
afterAll(async () => await stack.disposeAsync())

interface Stats {
  readonly artifacts: number
  readonly bytes: number
  readonly packuments: number
  readonly hits: number
  readonly misses: number
  readonly pinned: number
  readonly maxBytes: number | null
  readonly upstreams: readonly { readonly upstream: string; readonly tarballs: number; readonly packuments: number }[]
}
const stats = () => node.client.call<Stats>('GET', '/api/cache')
/** A client has its bytes a moment before they are kept. */
const kept = (count: number) =>
  eventually(
    async () => (await stats()).artifacts,
    artifacts => artifacts === count,
  )
const prune = (body: object) =>
  node.client.call<{ artifacts: number; bytes: number; formerCaches: string[] }>('POST', '/api/cache/prune', { body })
const keptFiles = async () =>
  (await readdir(join(node.home, 'artifacts'), { recursive: true })).filter(name => /[0-9a-f]{64}$/.test(name))

/** Makes everything kept look as if it was used an hour ago: what is in somebody's hands never goes. */
async function letTimePass(): Promise<void> {
  await node.stop()
  {
    await using database = await openLevelDatabase(join(node.home, 'database'))
    const rows: [string, string][] = []
    for await (const [key, value] of database.scan('cached')) {
      rows.push([key, `${Buffer.from(value).toString().split(' ')[0]} ${Date.now() - 3_600_000}`])
    }
    await database.commit(rows.map(([key, text]) => ({ type: 'put', table: 'cached', key, value: Buffer.from(text) })))
  }
  await node.restart()
}

it('counts what is kept, and how it was used', async () => {
  for (const name of ['a', 'b']) await node.tarball(name, '1.0.0')
  await kept(2)
  await node.tarball('a', '1.0.0')
  expect(await stats()).toMatchObject({
    ...{ packuments: 2, hits: 1, misses: 2, pinned: 0, maxBytes: null },
    upstreams: [{ upstream: 'fake', tarballs: 2, packuments: 2 }],
  })
})

it('keeps what is pinned, brings what is not here yet, and lets the rest go', async () => {
  const pin = (purl: string) => node.client.call('POST', '/api/cache/pins', { body: { purl } })
  expect(await pin('npm:a@1.0.0')).toMatchObject({ purl: 'npm:a', version: '1.0.0', pinned: true })
  expect(await pin('npm:c')).toMatchObject({ purl: 'npm:c', version: '1.0.0' })
  await expect(pin('npm:nowhere')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  await expect(pin('pypi:a')).rejects.toMatchObject({ code: 'E_USAGE' })
  await letTimePass()
  expect(await prune({ to: '0', dryRun: true })).toMatchObject({ artifacts: 1 })
  expect(await prune({ olderThan: '30m' })).toMatchObject({ artifacts: 1 })
  expect(await stats()).toMatchObject({ artifacts: 2, pinned: 2 })
  expect(await keptFiles()).toHaveLength(2)
  const unpin = () => node.client.call('DELETE', '/api/cache/pins', { query: { purl: 'npm:c@1.0.0' } })
  await unpin()
  await expect(unpin()).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  await letTimePass()
  expect(await prune({ to: '0' })).toMatchObject({ artifacts: 1 })
  for (const wrong of [{ to: 'much' }, { olderThan: 'long' }]) {
    await expect(prune(wrong)).rejects.toMatchObject({ code: 'E_USAGE' })
  }
  expect((await node.tarball('b', '1.0.0')).length).toBeGreaterThan(100)
})

it('verifies every byte, drops what was altered, and gets it again', async () => {
  await kept(2)
  const [name = ''] = (await keptFiles()).toSorted()
  await using file = await open(join(node.home, 'artifacts', name), 'r+')
  await file.write(Buffer.from([0xff]), 0, 1, 20)
  const verify = () => node.client.call('POST', '/api/cache/verify')
  expect(await verify()).toMatchObject({
    ...{ artifacts: 2, alteredCount: 1 },
    altered: [{ sha256: name.split('/').at(-1), names: [expect.stringMatching(/^npm:[ab]@1\.0\.0$/)] }],
  })
  expect(await keptFiles()).toHaveLength(1)
  expect(await verify()).toMatchObject({ artifacts: 1, alteredCount: 0 })
  for (const each of ['a', 'b']) expect((await node.tarball(each, '1.0.0')).length).toBeGreaterThan(100)
})

it('keeps within cache.max', async () => {
  await kept(2)
  await letTimePass()
  const { bytes } = await stats()
  await node.restart({ HANSE_CACHE_MAX: String(bytes) })
  const before = await keptFiles()
  await node.tarball('c', '1.0.0')
  // `a` is pinned, `c` came just now: `b` goes.
  const isChanged = (files: readonly string[]) => files.length === 2 && files.some(file => !before.includes(file))
  await eventually(keptFiles, isChanged)
  await kept(2)
  expect(await stats()).toMatchObject({ maxBytes: bytes, upstreams: [{ tarballs: 2 }] })
})

it('removes what an upstream under another address left, when asked, and what a removed one left at once', async () => {
  await node.stop()
  const book = join(node.home, 'state/upstreams.json')
  await writeFile(book, (await readFile(book, 'utf8')).replace(registry.url, `${registry.url}elsewhere/`))
  await node.restart()
  const caches = () => readdir(join(node.home, 'upstream'))
  const [former] = await caches()
  expect(await prune({ dryRun: true })).toMatchObject({ formerCaches: [former] })
  expect(await caches()).toEqual([former])
  expect(await prune({})).toMatchObject({ formerCaches: [former] })
  expect(await caches()).toEqual([])
  expect((await node.npm('a')).status).toBe(404)
  const [current] = await caches()
  expect([current, current === former]).toEqual([expect.stringMatching(/^fake\./), false])
  await node.client.call('DELETE', '/api/routes', { query: { match: 'npm:*' } })
  await node.client.call('DELETE', '/api/upstreams/fake')
  expect(await caches()).toEqual([])
  expect((await stats()).upstreams).toEqual([])
})
