import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sliceOf } from '../../../src/node/http/byte-range.ts'
import { tarballAnswer } from '../../../src/node/registries/npm/tarball-answer.ts'
import type { Sha256 } from '../../../src/protocol/index.ts'
import { bytesOf } from '../storage/temporary-home.ts'
import { startFakeRegistry } from './fake-registry.ts'
import { cacheFolderOf, expectSame, keptCount, MIB, openOne, PATH } from './one-tarball.ts'
import { bytesOfTarball, bytesUntilError, CALM } from './upstream-fixture.ts'

test.each([0.01, 0.5, 3.3])('a tarball of %s MiB comes exact, and is kept', async mib => {
  await using one = await openOne(Math.floor(mib * MIB))
  const first = await one.fixture.upstream.tarball('x', '1.0.0', CALM)
  expect(first!.size).toBeNull()
  expectSame(await bytesOfTarball(first), one.tarball)
  await one.fixture.upstream.settled()
  const second = await one.fixture.upstream.tarball('x', '1.0.0', CALM)
  expect(second!.size).toBe(one.tarball.length)
  expectSame(await bytesOfTarball(second), one.tarball)
  await one.fixture.restart()
  const folder = cacheFolderOf(one)
  await one.registry.cut()
  expectSame(await bytesOfTarball(await one.fixture.upstream.tarball('x', '1.0.0', CALM)), one.tarball)
  expect(one.registry.asked('.tgz')).toHaveLength(1)
  expect(await readdir(join(folder, 'partial'))).toEqual([])
})

test('kept bytes are marked as an upstream’s, also after a restart', async () => {
  await using one = await openOne(1000)
  await bytesOfTarball(await one.fixture.upstream.tarball('x', '1.0.0', CALM))
  await one.fixture.upstream.settled()
  await one.fixture.restart()
  const { artifacts } = one.fixture
  expect(await keptCount(artifacts)).toBe(1)
  for await (const { sha256 } of artifacts.list()) expect(await artifacts.marks.isPulled(sha256)).toBe(true)
})

test('another address under the same name is another registry: nothing kept of the old one is served', async () => {
  await using one = await openOne(1000)
  const old = await one.fixture.upstream.packument('x', CALM)
  await bytesOfTarball(await one.fixture.upstream.tarball('x', '1.0.0', CALM))
  await one.fixture.upstream.settled()
  await using other = await startFakeRegistry()
  await one.fixture.restart({ url: other.url })
  expect(await one.fixture.upstream.packument('x', CALM)).toBeNull()
  expect(await one.fixture.upstream.tarball('x', '1.0.0', CALM)).toBeNull()
  await one.fixture.restart()
  expect((await one.fixture.upstream.packument('x', CALM))!.revision).toBe(old!.revision)
  expect(one.registry.asked('/x')).toHaveLength(2)
})

test('a hundred clients at once share one download; one that stops reading holds up nobody', async () => {
  await using one = await openOne(2 * MIB)
  const tarballs = await Promise.all(
    Array.from({ length: 100 }, () => one.fixture.upstream.tarball('x', '1.0.0', CALM)),
  )
  const idle = tarballs[0]!.bytes[Symbol.asyncIterator]()
  await idle.next()
  for (const tarball of tarballs.slice(1, 20)) expectSame(await bytesOfTarball(tarball), one.tarball)
  await Promise.all(tarballs.slice(20).map(bytesOfTarball))
  await idle.return?.()
  expect(one.registry.asked('.tgz')).toHaveLength(1)
})

test('bytes reach the client while the upstream still sends, and a late client gets all of them', async () => {
  await using one = await openOne(MIB)
  const gate = Promise.withResolvers<void>()
  one.registry.turn(PATH, { kind: 'pause', after: MIB / 2, until: gate.promise })
  const early = (await one.fixture.upstream.tarball('x', '1.0.0', CALM))!.bytes[Symbol.asyncIterator]()
  expect((await early.next()).value!.length).toBeGreaterThan(0)
  const late = await one.fixture.upstream.tarball('x', '1.0.0', CALM)
  gate.resolve()
  expectSame(await bytesOfTarball(late), one.tarball)
  await early.return?.()
  expect(one.registry.asked('.tgz')).toHaveLength(1)
})

test.each([0.1, 2.5])(
  'kept bytes (%s MiB) that the disk altered are fetched again, behind what was still right',
  async mib => {
    await using one = await openOne(Math.floor(mib * MIB))
    await bytesOfTarball(await one.fixture.upstream.tarball('x', '1.0.0', CALM))
    await one.fixture.upstream.settled()
    for await (const { sha256 } of one.fixture.artifacts.list()) {
      const path = one.fixture.artifacts.pathOf(sha256 as Sha256)
      const bytes = await readFile(path)
      bytes[bytes.length - 5]! ^= 1
      await writeFile(path, bytes)
    }
    expectSame(await bytesOfTarball(await one.fixture.upstream.tarball('x', '1.0.0', CALM)), one.tarball)
    await one.fixture.upstream.settled()
    expect(one.registry.asked('.tgz')).toHaveLength(2)
    await one.registry.cut()
    expectSame(await bytesOfTarball(await one.fixture.upstream.tarball('x', '1.0.0', CALM)), one.tarball)
  },
)

test('a part is never of bytes that turn out wrong: not of a download, not of what replaces altered bytes', async () => {
  await using one = await openOne(0.5 * MIB)
  const { upstream, artifacts } = one.fixture
  const early = await upstream.tarball('x', '1.0.0', CALM)
  expect(tarballAnswer(early!, { range: 'bytes=0-9', isHead: true }).status).toBe(200)
  await bytesOfTarball(await upstream.tarball('x', '1.0.0', CALM))
  await upstream.settled()
  for await (const { sha256 } of artifacts.list()) {
    const path = artifacts.pathOf(sha256 as Sha256)
    await writeFile(path, (await readFile(path)).fill(0))
  }
  one.registry.turn(PATH, { kind: 'alter', at: 100 })
  const kept = await upstream.tarball('x', '1.0.0', CALM)
  expect(kept!.size).toBe(one.tarball.length)
  expect(await bytesUntilError(sliceOf(kept!.bytes, 0, 50))).toEqual({ received: 0, code: 'E_DIGEST_MISMATCH' })
})

test('a version whose digests change is another version: fetched anew, and seen now', async () => {
  await using one = await openOne(1000)
  const { fixture, registry } = one
  await bytesOfTarball(await fixture.upstream.tarball('x', '1.0.0', CALM))
  const begin = fixture.now
  const other = await registry.publish('x', '1.0.0', { tarball: bytesOf(1000, 'other') })
  fixture.now += 5 * 60_000
  await fixture.upstream.packument('x', CALM)
  await fixture.upstream.settled()
  expect((await fixture.upstream.packument('x', CALM))!.versions!.get('1.0.0')!.firstSeen).toBe(begin + 5 * 60_000)
  expectSame(await bytesOfTarball(await fixture.upstream.tarball('x', '1.0.0', CALM)), other)
})

test('a version published a moment ago is found; versions that are nowhere are not asked for again and again', async () => {
  await using one = await openOne(1000)
  await one.fixture.upstream.packument('x', CALM)
  await one.registry.publish('x', '2.0.0')
  one.fixture.now += 10_000
  expect(await one.fixture.upstream.tarball('x', '2.0.0', CALM)).not.toBeNull()
  for (let i = 0; i < 50; i++) expect(await one.fixture.upstream.tarball('x', `3.0.${i}`, CALM)).toBeNull()
  for (const odd of ['__proto__', 'constructor', '../1', '']) {
    expect(await one.fixture.upstream.tarball('x', odd, CALM)).toBeNull()
  }
  expect(one.registry.requests.filter(({ path }) => path === '/x').map(({ status }) => status)).toEqual([200, 200])
})

test('a download goes on when one client leaves, and is given up when the last has', async () => {
  await using one = await openOne(MIB)
  const gate = Promise.withResolvers<void>()
  one.registry.turn(
    PATH,
    { kind: 'pause', after: 1000, until: new Promise(() => {}) },
    { kind: 'pause', after: 1000, until: gate.promise },
  )
  const open = (signal: AbortSignal) => one.fixture.upstream.tarball('x', '1.0.0', signal)
  const [a, b] = [new AbortController(), new AbortController()]
  const [first, second] = [await open(a.signal), await open(b.signal)]
  a.abort(new Error('a left'))
  await expect(bytesOfTarball(first)).rejects.toThrow('a left')
  b.abort(new Error('b left'))
  await expect(bytesOfTarball(second)).rejects.toThrow('b left')
  await one.fixture.upstream.settled()
  expect(one.fixture.problems).toEqual([])
  const [third, fourth] = [await open(new AbortController().signal), await open(CALM)]
  await third!.bytes[Symbol.asyncIterator]().return?.()
  gate.resolve()
  expectSame(await bytesOfTarball(fourth), one.tarball)
  expect(one.registry.asked('.tgz')).toHaveLength(2)
  await one.fixture.upstream.settled()
  expect(await keptCount(one.fixture.artifacts)).toBe(1)
})
