import { createHash } from 'node:crypto'
import { open, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unixfs } from '@helia/unixfs'
import { CID } from 'multiformats/cid'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type ArtifactStore, openArtifactStore } from '../../../src/node/storage/artifact-store.ts'
import { openForeignBlocks } from '../../../src/node/storage/foreign-blocks.ts'
import { HeliaBlockstore } from '../../../src/node/storage/helia-blockstore.ts'
import type { LevelDatabase } from '../../../src/node/storage/level-database.ts'
import { openLevelDatabase } from '../../../src/node/storage/open-level-database.ts'
import type { BlockId, Sha256 } from '../../../src/protocol/index.ts'
import { bytesOf, chunksOf, heliaLayoutOf, rawCidOf, scopedFolder } from './temporary-home.ts'

const MIB = 1 << 20
let stack: AsyncDisposableStack
let folder: string
let database: LevelDatabase
let store: ArtifactStore
let corrupt: [Sha256, string][]

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  folder = stack.use(await scopedFolder()).path
  database = stack.use(await openLevelDatabase(join(folder, 'database')))
  corrupt = []
  store = await reopened()
})
afterEach(() => stack.disposeAsync())

const reopened = () =>
  openArtifactStore({ database, folder, onCorrupt: (sha256, path) => corrupt.push([sha256, path]) })

async function flip(path: string, at: number) {
  await using file = await open(path, 'r+')
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at)
  buffer[0]! ^= 1
  await file.write(buffer, 0, 1, at)
}

async function bytesIn(id: BlockId | Sha256): Promise<Uint8Array> {
  const chunks = []
  for await (const chunk of (await store.open(id))!.bytes) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}
const partials = () => readdir(join(folder, 'partial'))
const all = async <T>(source: AsyncIterable<T>) => {
  const items: T[] = []
  for await (const item of source) items.push(item)
  return items
}

describe('the artifact store', () => {
  for (const size of [0, 1, MIB, MIB + 1, 3 * MIB + 5])
    test(`keeps ${size} bytes exactly and answers for every block of them`, async () => {
      const bytes = bytesOf(size)
      const { cid, sha256 } = await store.add(chunksOf(bytes), { size })
      expect(sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
      expect(await bytesIn(cid)).toEqual(bytes)
      expect(await bytesIn(sha256)).toEqual(bytes)
      const layout = (await store.layout(cid))!
      expect(layout).toEqual(await heliaLayoutOf(chunksOf(bytes)))
      for (const [i, leaf] of layout.leaves.entries())
        expect(Buffer.compare((await store.readBlock(leaf))!, bytes.subarray(i * MIB, (i + 1) * MIB))).toBe(0)
      expect((await stat(store.pathOf(sha256))).mode & 0o777).toBe(0o600)
      expect(await partials()).toEqual([])
      expect(await all(store.list())).toEqual([{ cid, size, sha256 }])
    })

  test('keeps a file given by its path and stores the same bytes once', async () => {
    await writeFile(join(folder, 'given'), bytesOf(5000))
    const first = await store.add(join(folder, 'given'))
    expect(await store.add(chunksOf(bytesOf(5000)))).toEqual(first)
    expect((await all(store.list())).length).toBe(1)
  })

  test('refuses bytes that are not the expected ones and leaves nothing behind', async () => {
    const sha256 = '0'.repeat(64) as Sha256
    await expect(store.add(chunksOf(bytesOf(5000)), { sha256 })).rejects.toMatchObject({ code: 'E_ARTIFACT_MISMATCH' })
    expect(await partials()).toEqual([])
    expect(await all(store.list())).toEqual([])
  })

  test('refuses on a full disk, whether known before or met while writing, and leaves nothing behind', async () => {
    await expect(store.add(chunksOf(bytesOf(10)), { size: 2 ** 52 })).rejects.toMatchObject({ code: 'E_DISK_FULL' })
    async function* full() {
      yield bytesOf(1000)
      throw Object.assign(new Error('write'), { code: 'ENOSPC' })
    }
    await expect(store.add(full())).rejects.toMatchObject({ code: 'E_DISK_FULL' })
    expect(await partials()).toEqual([])
  })

  test('withdraws an artifact whose bytes were altered, names its file, and takes it again', async () => {
    const bytes = bytesOf(2 * MIB + 9)
    const { cid, sha256 } = await store.add(chunksOf(bytes))
    const { leaves } = (await store.layout(cid))!
    await flip(store.pathOf(sha256), MIB + 7)
    expect(await store.readBlock(leaves[0]!)).not.toBeNull()
    expect(await store.readBlock(leaves[1]!)).toBeNull()
    expect(corrupt).toEqual([[sha256, store.pathOf(sha256)]])
    expect(await store.has(cid)).toBe(false)
    expect(await store.readBlock(leaves[0]!)).toBeNull()
    expect(await all(store.verifyAll())).toEqual([{ sha256, path: store.pathOf(sha256), ok: false, why: 'altered' }])
    await store.add(chunksOf(bytes))
    expect(await bytesIn(sha256)).toEqual(bytes)
    expect(corrupt.length).toBe(1)
  })

  test('hands out no altered leaf while streaming', async () => {
    const { sha256 } = await store.add(chunksOf(bytesOf(2 * MIB)))
    await flip(store.pathOf(sha256), 3)
    await expect(bytesIn(sha256)).rejects.toMatchObject({ code: 'E_ARTIFACT_MISMATCH' })
    expect(await store.has(sha256)).toBe(false)
  })

  test('reads a leaf that two artifacts share after one of them is removed', async () => {
    const shared = bytesOf(MIB)
    const one = await store.add(chunksOf(shared))
    await store.add(chunksOf(new Uint8Array(Buffer.concat([shared, bytesOf(10, 'y')]))))
    await store.remove(one.sha256)
    expect(await store.readBlock(rawCidOf(shared))).not.toBeNull()
    expect(await store.has(one.sha256)).toBe(false)
  })

  test('knows every artifact that a block belongs to, also when leaves repeat', async () => {
    const zeros = await store.add(chunksOf(new Uint8Array(70 * MIB), MIB))
    const one = await store.add(chunksOf(new Uint8Array(MIB)))
    expect(new Set(await store.artifactsOf(one.cid))).toEqual(new Set([zeros.sha256, one.sha256]))
    expect(await store.has(one.cid)).toBe(true)
    expect(await store.artifactsOf(zeros.cid)).toEqual([zeros.sha256])
    expect(await store.artifactsOf(rawCidOf(bytesOf(1)))).toEqual([])
  })

  test('finds unknown, missing and altered files and repairs them', async () => {
    const altered = await store.add(chunksOf(bytesOf(10, 'altered')))
    const missing = await store.add(chunksOf(bytesOf(10, 'missing')))
    const lost = await store.add(chunksOf(bytesOf(10, 'lost entry')))
    await flip(store.pathOf(altered.sha256), 0)
    await import('node:fs/promises').then(fs => fs.rm(store.pathOf(missing.sha256)))
    await database.commit([{ type: 'put', table: 'artifacts', key: lost.sha256, value: Buffer.from('{broken') }])
    const bad = (await all(store.verifyAll())).filter(({ ok }) => !ok)
    expect(new Map(bad.map(({ sha256, why }) => [sha256, why]))).toEqual(
      new Map([
        [altered.sha256, 'altered'],
        [missing.sha256, 'missing'],
        [lost.sha256, 'unknown'],
      ]),
    )
    for (const check of bad) await store.repair(check)
    expect(await all(store.verifyAll())).toEqual([
      { sha256: lost.sha256, path: store.pathOf(lost.sha256), ok: true, why: null },
    ])
    expect(await readdir(join(folder, 'aside'))).toEqual([altered.sha256])
    expect(await store.has(lost.cid)).toBe(true)
  })
})

describe('a partial artifact', () => {
  const bytes = bytesOf(3 * MIB + 5)
  const leaf = (i: number) => bytes.subarray(i * MIB, (i + 1) * MIB)

  test('takes leaves in any order, refuses wrong ones, and is held once finished', async () => {
    const layout = await heliaLayoutOf(chunksOf(bytes))
    await using partial = (await store.openPartial(layout))!
    expect(partial.missing()).toEqual([0, 1, 2, 3])
    await partial.writeLeaf(3, leaf(3))
    await expect(partial.writeLeaf(0, leaf(1))).rejects.toMatchObject({ code: 'E_ARTIFACT_MISMATCH' })
    await expect(partial.finish()).rejects.toMatchObject({ code: 'E_ARTIFACT_INCOMPLETE' })
    for (const i of partial.missing()) await partial.writeLeaf(i, leaf(i))
    await partial.finish()
    expect(await bytesIn(layout.cid)).toEqual(bytes)
    expect(await store.openPartial(layout)).toBeNull()
    expect(await partials()).toEqual([])
  })

  test('goes on after a restart where it was, and believes only leaves whose bytes are there', async () => {
    const layout = await heliaLayoutOf(chunksOf(bytes))
    {
      await using partial = (await store.openPartial(layout))!
      await partial.writeLeaf(0, leaf(0))
      await partial.writeLeaf(2, leaf(2))
    }
    await flip(join(folder, 'partial', `${layout.sha256}-${layout.cid}-${layout.size}`), 5)
    store = await reopened()
    await using again = (await store.openPartial(layout))!
    expect(again.missing()).toEqual([0, 1, 3])
  })

  test('refuses a layout whose leaves are right and whose sha-256 is not', async () => {
    const layout = { ...(await heliaLayoutOf(chunksOf(bytes))), sha256: 'ab'.repeat(32) as Sha256 }
    await using partial = (await store.openPartial(layout))!
    for (const i of partial.missing()) await partial.writeLeaf(i, leaf(i))
    await expect(partial.finish()).rejects.toMatchObject({ code: 'E_ARTIFACT_MISMATCH' })
    expect(await partials()).toEqual([])
  })

  test('refuses a layout that contradicts itself', async () => {
    const layout = await heliaLayoutOf(chunksOf(bytes))
    for (const wrong of [
      { size: 5 },
      { leaves: [] },
      { rootBlock: null },
      { rootBlock: leaf(0) },
      { sha256: '../x' as Sha256 },
    ])
      await expect(store.openPartial({ ...layout, ...wrong })).rejects.toMatchObject({ code: 'E_ARTIFACT_MISMATCH' })
  })

  test('lets one writer at a time fill it', async () => {
    const layout = await heliaLayoutOf(chunksOf(bytes))
    const first = (await store.openPartial(layout))!
    const second = store.openPartial(layout)
    for (const i of first.missing()) await first.writeLeaf(i, leaf(i))
    await first.finish()
    expect(await second).toBeNull()
  })
})

describe('the blockstore for Helia', () => {
  const joined = async (source: AsyncIterable<Uint8Array>) => new Uint8Array(Buffer.concat(await all(source)))

  test('lets unixfs read a held artifact, and keeps what unixfs writes', async () => {
    const blockstore = new HeliaBlockstore(store, await openForeignBlocks(database))
    const fs = unixfs({ blockstore })
    const bytes = bytesOf(2 * MIB + 1)
    const { cid } = await store.add(chunksOf(bytes))
    expect(await joined(fs.cat(CID.parse(cid)))).toEqual(bytes)
    const foreign = await fs.addBytes(bytesOf(MIB + 3, 'foreign'))
    expect(await joined(fs.cat(foreign))).toEqual(bytesOf(MIB + 3, 'foreign'))
    await expect(joined(blockstore.get(CID.parse(rawCidOf(bytesOf(3, 'none')))))).rejects.toMatchObject({
      name: 'NotFoundError',
    })
  })

  test('keeps foreign blocks within the quota, the oldest go first, also after a restart', async () => {
    const ids = Array.from({ length: 5 }, (_, i) => CID.parse(rawCidOf(bytesOf(100, `${i}`))))
    const first = new HeliaBlockstore(store, await openForeignBlocks(database, 300))
    for (const [i, cid] of ids.slice(0, 4).entries()) await first.put(cid, bytesOf(100, `${i}`))
    const foreign = await openForeignBlocks(database, 300)
    const again = new HeliaBlockstore(store, foreign)
    await again.put(ids[4]!, bytesOf(100, '4'))
    expect(await Promise.all(ids.map(cid => again.has(cid)))).toEqual([false, false, true, true, true])
    expect(foreign.bytes).toBe(300)
    expect((await all(again.getAll())).length).toBe(3)
    await again.delete(ids[4]!)
    expect(await again.has(ids[4]!)).toBe(false)
  })

  test('refuses bytes that are not the block and never returns altered ones', async () => {
    const blockstore = new HeliaBlockstore(store, await openForeignBlocks(database))
    const cid = CID.parse(rawCidOf(bytesOf(100)))
    await expect(blockstore.put(cid, bytesOf(99))).rejects.toMatchObject({ code: 'E_ARTIFACT_MISMATCH' })
    await blockstore.put(cid, bytesOf(100))
    const [key] = await database.table('foreign').keys().all()
    await database.commit([{ type: 'put', table: 'foreign', key: key!, value: bytesOf(100, 'z') }])
    await expect(joined(blockstore.get(cid))).rejects.toMatchObject({ name: 'NotFoundError' })
    expect(await blockstore.has(cid)).toBe(false)
  })
})
