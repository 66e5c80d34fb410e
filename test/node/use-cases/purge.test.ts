import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { CID } from 'multiformats/cid'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installTo } from '../../../src/cli/install-to.ts'
import { publishFile } from '../../../src/cli/publish-path.ts'
import { PurgeList } from '../../../src/node/cache/index.ts'
import {
  HeliaBlockstore,
  openArtifactStore,
  openForeignBlocks,
  openLevelDatabase,
} from '../../../src/node/storage/index.ts'
import type { BlockId, Sha256 } from '../../../src/protocol/index.ts'
import { eventually } from '../../e2e/hanse-process.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { bytesOf, chunksOf, heliaLayoutOf } from '../storage/temporary-home.ts'
import { type FakeRegistry, startFakeRegistry } from '../upstream/fake-registry.ts'
import { CacheNode } from './cache-node.ts'

const stack = new AsyncDisposableStack()
let registry: FakeRegistry
let node: CacheNode
let folder: string
beforeAll(async () => {
  registry = stack.use(await startFakeRegistry())
  for (const version of ['1.0.0', '1.1.0', '2.0.0']) await registry.publish('mast', version)
  await registry.publish('copy', '7.0.0', { tarball: await registry.publish('sail', '1.0.0') })
  node = stack.use(await CacheNode.start())
  await node.route('npm:*', 'fake', registry.url, { trustTime: true })
  folder = await temporaryFolder()
})
afterAll(async () => await stack.disposeAsync())

const purge = (what: string, legal = 'order 12/345') =>
  node.client.call<{ purged: { cid: string; sha256: Sha256; names: string[] }[]; warning?: string }>(
    'POST',
    '/api/purges',
    { body: { what, legal } },
  )
/** A client has its bytes a moment before they are kept. */
const kept = (count: number) =>
  eventually(
    async () => (await node.client.call<{ artifacts: number }>('GET', '/api/cache')).artifacts,
    artifacts => artifacts === count,
  )
const undo = (what: string) => node.client.call('DELETE', '/api/purges', { query: { what } })
const filesOf = async (sha256: string) =>
  (await readdir(node.home, { recursive: true })).filter(name => name.includes(sha256))
const versionsOf = async (name: string) =>
  Object.keys(((await (await node.npm(name)).json()) as { versions: object }).versions)
const tarballStatus = async (path: string) => {
  const answer = await node.npm(path)
  return [answer.status, answer.statusText, await answer.text()] as const
}

describe('a purged version of an upstream', () => {
  it('is gone from the disk, answered with 451 and its reference, and not listed', async () => {
    await versionsOf('mast')
    await eventually(
      () => readdir(join(node.home, 'bodies/npm')).catch(() => []),
      names => names.some(name => !name.includes('partial')),
    )
    await node.tarball('mast', '1.1.0')
    await kept(1)
    const { purged } = await purge('npm:mast@1.1.0')
    expect(purged).toMatchObject([{ names: ['npm:mast@1.1.0'], sha256: expect.any(String), cid: expect.any(String) }])
    expect(await filesOf(purged[0]!.sha256)).toEqual([])
    const [status, reason, body] = await tarballStatus('mast/-/mast-1.1.0.tgz')
    expect([status, reason]).toEqual([451, expect.stringContaining('removed here for legal reasons: order 12/345')])
    expect(body).toContain('order 12/345')
    const bodies = await readdir(join(node.home, 'bodies/npm')).catch(() => [])
    expect(bodies).toEqual([])
    expect(await versionsOf('mast')).toEqual(['1.0.0', '2.0.0'])
    const manifest = await node.npm('mast/1.1.0')
    expect([manifest.status, await manifest.text()]).toEqual([451, expect.stringContaining('order 12/345')])
    const artifact = await fetch(`${node.url}/api/artifacts/${purged[0]!.sha256}`, {
      headers: {
        authorization: `Bearer ${(JSON.parse(await readFile(join(node.home, 'run.json'), 'utf8')) as { token: string }).token}`,
      },
    })
    expect(artifact.status).toBe(451)
    await expect(installTo(node.client, { purl: 'npm:mast@1.1.0' }, folder)).rejects.toMatchObject({ code: 'E_PURGED' })
  })

  it('that was never here is not fetched, and stays so after a restart', async () => {
    expect(await purge('npm:mast@2.0.0')).toMatchObject({ purged: [{ cid: null, sha256: null }] })
    await node.restart()
    expect((await tarballStatus('mast/-/mast-2.0.0.tgz'))[0]).toBe(451)
    expect(await versionsOf('mast')).toEqual(['1.0.0'])
    expect(registry.asked('mast-2.0.0')).toEqual([])
  })

  it('is not taken under another name either', async () => {
    await node.tarball('sail', '1.0.0')
    await kept(1)
    await purge('npm:sail@1.0.0')
    await expect(node.tarball('copy', '7.0.0')).rejects.toThrow()
    const purges = await node.client.call<{ sha256: string; names: string[] }[]>('GET', '/api/purges')
    const { sha256 } = purges.find(({ names }) => names.includes('npm:sail@1.0.0'))!
    expect(await filesOf(sha256)).toEqual([])
  })

  it('is not kept when it was on its way while it was purged', async () => {
    await registry.publish('topmast', '1.0.0', { tarball: bytesOf(200_000, 'topmast') })
    const { promise, resolve } = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const pause = {
      kind: 'pause',
      after: 100_000,
      get until() {
        begun.resolve()
        return promise
      },
    } as const
    registry.turn('/topmast/-/topmast-1.0.0.tgz', pause)
    const download = node.tarball('topmast', '1.0.0').catch(() => null)
    await begun.promise
    expect(await purge('npm:topmast@1.0.0')).toMatchObject({ purged: [{ sha256: null }] })
    resolve()
    await download
    const [{ sha256 = '' } = {}] = await eventually(
      () => node.client.call<{ names: string[]; sha256: string }[]>('GET', '/api/purges').then(list => list.slice(-1)),
      ([last]) => last?.sha256 !== null,
    )
    await node.restart()
    expect(await filesOf(sha256)).toEqual([])
    await undo('npm:topmast@1.0.0')
  })

  it('is listed, audited, and comes back when the purge is taken back', async () => {
    const list = await node.client.call<object[]>('GET', '/api/purges')
    expect(list).toHaveLength(3)
    await undo('npm:mast@1.1.0')
    await undo('npm:mast@2.0.0')
    expect(await versionsOf('mast')).toEqual(['1.0.0', '1.1.0', '2.0.0'])
    expect((await node.tarball('mast', '1.1.0')).length).toBeGreaterThan(100)
    const audit = await readFile(join(node.home, 'audit.jsonl'), 'utf8')
    expect(audit.match(/"what":"purge"/g)).toHaveLength(4)
    expect(audit.match(/"what":"purge.undo"/g)).toHaveLength(3)
    await expect(undo('npm:mast@1.1.0')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  })

  it('is named with its version and a reference that a client can be told', async () => {
    for (const what of ['npm:mast', 'npm:mast@^1', 'npm:mast@latest']) {
      await expect(purge(what), what).rejects.toMatchObject({ code: 'E_USAGE' })
    }
    await expect(purge('npm:mast@1.0.0', 'order\r\nx-evil: 1')).rejects.toMatchObject({ code: 'E_USAGE' })
    await expect(purge('not a purl')).rejects.toMatchObject({ code: 'E_PURL' })
  })
})

describe('a purged release of this node', () => {
  it('keeps its record and loses its bytes; nobody can bring them again', async () => {
    const path = join(folder, 'cargo.bin')
    await writeFile(path, bytesOf(3 * 2 ** 20, 'cargo'))
    const { sha256, cid } = await publishFile(node.client, path, { purl: 'generic:cargo@1' })
    expect(await purge(cid)).toMatchObject({ purged: [{ sha256, cid, names: ['generic:cargo@1'] }] })
    expect(await filesOf(sha256)).toEqual([])
    const install = () => installTo(node.client, { purl: 'generic:cargo' }, join(folder, 'to'))
    await expect(install()).rejects.toMatchObject({ code: 'E_PURGED', message: expect.stringContaining('12/345') })
    expect(await node.client.call('GET', '/api/info', { query: { purl: 'generic:cargo' } })).toMatchObject({
      publishers: [{ versions: [{ version: '1', state: 'live', purged: expect.stringContaining('12/345') }] }],
    })
    expect(await node.client.call('POST', '/api/doctor', { body: {} })).toMatchObject({ ok: true, findings: [] })
    const backup = await node.client.stream('POST', '/api/backup', { body: { passphrase: 'p' } })
    expect((await buffer(backup)).length).toBeGreaterThan(100)
    await expect(publishFile(node.client, path, { purl: 'generic:other@1' })).rejects.toMatchObject({
      code: 'E_PURGED',
    })
    expect(await filesOf(sha256)).toEqual([])
    await undo(sha256)
    await publishFile(node.client, path, { purl: 'generic:cargo@1' })
    expect(await install()).toMatchObject({ sha256 })
    const shown = await node.client.call('GET', '/api/info', { query: { purl: 'generic:cargo' } })
    expect(JSON.stringify(shown)).not.toContain('purged')
  })
})

describe('the store of a node that purged bytes', () => {
  it('takes them neither whole, nor leaf by leaf, nor as blocks of other IPFS users', async () => {
    await using database = await openLevelDatabase(join(folder, 'database'))
    const purges = await PurgeList.open(join(folder, 'purged.json'))
    const store = await openArtifactStore({ database, folder: join(folder, 'store'), denied: purges })
    const foreign = await openForeignBlocks(database)
    const blocks = new HeliaBlockstore(store, foreign, purges)
    const bytes = bytesOf(2 ** 20 + 5, 'denied')
    const layout = await heliaLayoutOf(chunksOf(bytes))
    const partial = (await store.openPartial(layout))!
    await partial.writeLeaf(0, bytes.subarray(0, 2 ** 20))
    await partial.writeLeaf(1, bytes.subarray(2 ** 20))
    const { cid, sha256 } = layout
    await purges.add([{ at: 0, who: 'x', reference: 'r', cid, sha256, names: [] }])
    await expect(partial.finish()).rejects.toMatchObject({ code: 'E_PURGED' })
    await partial[Symbol.asyncDispose]()
    await expect(store.add(chunksOf(bytes))).rejects.toMatchObject({ code: 'E_PURGED' })
    await expect(store.openPartial(layout)).rejects.toMatchObject({ code: 'E_PURGED' })
    await expect(blocks.put(CID.parse(cid), layout.rootBlock!)).rejects.toMatchObject({ code: 'E_PURGED' })
    expect(await store.readBlock(cid as BlockId)).toBeNull()
    const left = (await readdir(join(folder, 'store'), { recursive: true })).filter(name => name.includes(sha256))
    expect(left).toEqual([])
    const again = await PurgeList.open(join(folder, 'purged.json'))
    expect(again.whyOf({ sha256 })).toContain('r')
    expect(again.revision).toBe(purges.revision)
  })
})
