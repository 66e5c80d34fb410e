import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { StorageError } from '../../../src/node/storage/index.ts'
import { expectSame, keptCount, MIB, openOne, PATH } from './one-tarball.ts'
import { bytesOfTarball, bytesUntilError, CALM, IMPATIENT } from './upstream-fixture.ts'

test.each([0, 0.4, 3.3])(
  'an altered byte in %s MiB: the last byte never comes, nothing is kept, it is counted',
  async mib => {
    const size = Math.floor(mib * MIB) + 100
    await using one = await openOne(size)
    one.registry.turn(PATH, { kind: 'alter', at: 7 })
    const tarball = await one.fixture.upstream.tarball('x', '1.0.0', CALM)
    const { received, code } = await bytesUntilError(tarball!.bytes)
    expect(code).toBe('E_DIGEST_MISMATCH')
    expect(received).toBeLessThan(size)
    await one.fixture.upstream.settled()
    expect(one.fixture.upstream.problems.get('E_DIGEST_MISMATCH')).toBe(1)
    expect(await keptCount(one.fixture.artifacts)).toBe(0)
    expect(await readdir(join(one.fixture.folder, 'partial'))).toEqual([])
    one.registry.turn(PATH)
    expectSame(await bytesOfTarball(await one.fixture.upstream.tarball('x', '1.0.0', CALM)), one.tarball)
  },
)

test.each(['cut', 'short'] as const)(
  'a tarball that ends too early (%s) ends in an error and is not kept',
  async kind => {
    await using one = await openOne(MIB)
    one.registry.turn(PATH, { kind, after: MIB - 1 })
    const tarball = await one.fixture.upstream.tarball('x', '1.0.0', CALM)
    const { received, code } = await bytesUntilError(tarball!.bytes)
    expect(code).toBe(kind === 'cut' ? 'E_UPSTREAM_TRUNCATED' : 'E_DIGEST_MISMATCH')
    expect(received).toBeLessThan(MIB - 1)
    await one.fixture.upstream.settled()
    expect(await keptCount(one.fixture.artifacts)).toBe(0)
  },
)

test('a tarball that stalls ends in a time-out', async () => {
  await using one = await openOne(MIB, {}, { limits: IMPATIENT })
  one.registry.turn(PATH, { kind: 'pause', after: 1000, until: new Promise(() => {}) })
  const tarball = await one.fixture.upstream.tarball('x', '1.0.0', CALM)
  expect(await bytesUntilError(tarball!.bytes)).toMatchObject({ code: 'E_UPSTREAM_TIMEOUT' })
})

test('a tarball above the limit is refused by its length, and without one when it passes it', async () => {
  await using one = await openOne(1000)
  const much = Buffer.alloc(100 * MIB + 1)
  one.registry.turn(PATH, { kind: 'replace', bytes: much, headers: { 'content-length': String(much.length) } })
  await expect(one.fixture.upstream.tarball('x', '1.0.0', CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_TOO_LARGE' })
  one.registry.turn(PATH, { kind: 'replace', bytes: much, headers: { 'transfer-encoding': 'chunked' } })
  const tarball = await one.fixture.upstream.tarball('x', '1.0.0', CALM)
  expect(await bytesUntilError(tarball!.bytes)).toMatchObject({ code: 'E_UPSTREAM_TOO_LARGE' })
})

test('the strongest digest decides; shasum only where there is no other', async () => {
  const wrong = `sha512-${Buffer.alloc(64).toString('base64')}`
  await using strong = await openOne(100, { integrity: wrong })
  const refused = await strong.fixture.upstream.tarball('x', '1.0.0', CALM)
  expect(await bytesUntilError(refused!.bytes)).toEqual({ received: 0, code: 'E_DIGEST_MISMATCH' })
  await using weak = await openOne(100, { shasum: 'f'.repeat(40) })
  expectSame(await bytesOfTarball(await weak.fixture.upstream.tarball('x', '1.0.0', CALM)), weak.tarball)
  await using old = await openOne(100, { integrity: undefined })
  expectSame(await bytesOfTarball(await old.fixture.upstream.tarball('x', '1.0.0', CALM)), old.tarball)
  await using bad = await openOne(100, { integrity: undefined, shasum: 'f'.repeat(40) })
  const last = await bad.fixture.upstream.tarball('x', '1.0.0', CALM)
  expect(await bytesUntilError(last!.bytes)).toEqual({ received: 0, code: 'E_DIGEST_MISMATCH' })
})

test('a store that cannot keep a tarball takes it from nobody', async () => {
  await using one = await openOne(1000)
  one.fixture.artifacts.addPulled = async () => {
    throw new StorageError('E_DISK_FULL', 'full')
  }
  expectSame(await bytesOfTarball(await one.fixture.upstream.tarball('x', '1.0.0', CALM)), one.tarball)
  await one.fixture.upstream.settled()
  expect(one.fixture.upstream.problems.get('E_DISK_FULL')).toBe(1)
})

test('with the upstream cut, a tarball that is not kept is refused at once', async () => {
  await using one = await openOne(1000)
  await one.fixture.upstream.packument('x', CALM)
  await one.registry.cut()
  await expect(one.fixture.upstream.tarball('x', '1.0.0', CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_DOWN' })
})

test('a document that lists a file which is not there: there is no such version', async () => {
  await using one = await openOne(1000)
  one.registry.turn(PATH, { kind: 'status', status: 404 })
  expect(await one.fixture.upstream.tarball('x', '1.0.0', CALM)).toBeNull()
})
