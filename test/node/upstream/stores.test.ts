import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { openLevelDatabase } from '../../../src/node/storage/index.ts'
import { PackumentFiles } from '../../../src/node/upstream/npm/packument-files.ts'
import type { PackumentStore, StoredPackument } from '../../../src/node/upstream/npm/packument-store.ts'
import { LevelTarballIndex, type TarballIndex } from '../../../src/node/upstream/npm/tarball-index.ts'
import type { Sha256 } from '../../../src/protocol/index.ts'
import { bytesOf, scopedFolder } from '../storage/temporary-home.ts'
import { MemoryPackumentStore, MemoryTarballIndex } from './memory-stores.ts'

const MIT = { licence: 'MIT', installScripts: ['postinstall'], deprecated: null, bytes: null, unpackedBytes: 1_234 }

type Opened<T> = AsyncDisposable & { readonly store: T }

async function openFiles(): Promise<Opened<PackumentStore>> {
  const folder = await scopedFolder()
  return { store: new PackumentFiles(folder.path), [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

async function openLevel(): Promise<Opened<TarballIndex>> {
  const opened = new AsyncDisposableStack()
  const folder = opened.use(await scopedFolder())
  const database = opened.use(await openLevelDatabase(join(folder.path, 'database')))
  await new LevelTarballIndex(database, 'other').put('x', '1.0.0', keptTarball('c'))
  return { store: new LevelTarballIndex(database, 'fake'), [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

const inMemory =
  <T>(store: T) =>
  async () => ({ store, [Symbol.asyncDispose]: async () => {} })

function packument(
  name: string,
  word: string,
  fetchedAt = 1_700_000_000_123,
): Omit<StoredPackument, 'isGone'> & { gzipped: Uint8Array } {
  const seen = new Map([
    ['1.0.0', { firstSeen: 1_600_000_000_001, mark: 'm'.repeat(22), manifest: MIT }],
    [
      '2.0.0-β'.replace('β', 'b'),
      { firstSeen: 0, mark: '-_'.repeat(11), manifest: { ...MIT, deprecated: 'old', unpackedBytes: null } },
    ],
  ])
  const facts = { name, revision: 'r'.repeat(43), etag: 'W/"x\\"\n"', lastModified: null, seen }
  return { facts, fetchedAt, gzipped: gzipSync(bytesOf(10_000, word)) }
}

function keptTarball(letter: string) {
  return { sha256: letter.repeat(64) as Sha256, mark: letter.repeat(22) }
}

describe.each([
  ['files', openFiles],
  ['memory', inMemory<PackumentStore>(new MemoryPackumentStore())],
])('a store of documents (%s)', (_, open) => {
  test('gives back what was written last, to the byte and the millisecond', async () => {
    await using opened = await open()
    expect(await opened.store.read('x')).toBeNull()
    await opened.store.write(packument('x', 'first'))
    const second = packument('x', 'second', 1_700_000_000_999)
    await opened.store.write(second)
    const read = await opened.store.read('x')
    expect(read!.facts).toEqual(second.facts)
    expect(read!.fetchedAt).toBe(second.fetchedAt)
    expect(Buffer.compare(read!.gzipped!, second.gzipped)).toBe(0)
  })

  test('a package written without bytes is gone, with its facts, until it is written with them', async () => {
    await using opened = await open()
    const had = packument('left', 'x')
    await opened.store.write(had)
    await opened.store.write({ ...had, gzipped: null })
    expect(await opened.store.read('left')).toEqual({ ...had, gzipped: null, isGone: true })
    await opened.store.write(had)
    expect(await opened.store.read('left')).toMatchObject({ isGone: false })
  })

  test('keeps names apart, whatever they are', async () => {
    await using opened = await open()
    const names = ['@a/b', 'a/b', '__proto__', '../x', 'X', 'x', 'CON']
    for (const name of names) await opened.store.write(packument(name, name))
    for (const name of names) expect((await opened.store.read(name))!.facts.name).toBe(name)
  })

  test('touch moves the time and nothing else; for a name that is not kept it does nothing', async () => {
    await using opened = await open()
    await opened.store.touch('absent', 5)
    expect(await opened.store.read('absent')).toBeNull()
    await opened.store.write(packument('y', 'y'))
    for (const at of [1_800_000_000_001, 1_800_000_000_500, 1_800_000_000_999]) {
      await opened.store.touch('y', at)
      expect(await opened.store.read('y')).toMatchObject({ fetchedAt: at, facts: { name: 'y' } })
    }
  })

  test('many writers of one name leave one of their documents whole', async () => {
    await using opened = await open()
    await Promise.all(Array.from({ length: 20 }, (_, i) => opened.store.write(packument('z', `${i}`))))
    expect((await opened.store.read('z'))!.gzipped).not.toBeNull()
  })
})

describe.each([
  ['LevelDB', openLevel],
  ['memory', inMemory<TarballIndex>(new MemoryTarballIndex())],
])('an index of tarballs (%s)', (_, open) => {
  test('gives back what was put last, by name and version, and forgets what is deleted', async () => {
    await using opened = await open()
    expect(await opened.store.get('x', '1.0.0')).toBeNull()
    await opened.store.put('x', '1.0.0', keptTarball('a'))
    await opened.store.put('x', '1.0.0', keptTarball('b'))
    await opened.store.put('@s/x', '1.0.0', keptTarball('d'))
    expect(await opened.store.get('x', '1.0.0')).toEqual(keptTarball('b'))
    expect(await opened.store.get('x', '1.0.1')).toBeNull()
    await opened.store.delete('x', '1.0.0')
    await opened.store.delete('x', 'never')
    expect(await opened.store.get('x', '1.0.0')).toBeNull()
    expect(await opened.store.get('@s/x', '1.0.0')).toEqual(keptTarball('d'))
  })
})
