import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startFakeRegistry } from './fake-registry.ts'
import { cacheFolderOf } from './one-tarball.ts'
import { CALM, openFixture } from './upstream-fixture.ts'

const MINUTE = 60_000

test('a document passes through as it is: bytes, digests, time, signatures and unknown fields', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('left-pad', '1.0.0', {
    manifest: { unknown: { deep: [1, { a: null }] }, constructor: 'kept' },
    dist: { signatures: [{ keyid: 'SHA256:x', sig: 'MEU' }], unpackedSize: 3 },
  })
  Object.assign(registry.document('left-pad'), { _rev: '7-x', 'x-strange': { ключ: 'ü\u2028' } })
  await using fixture = await openFixture(registry.url)
  const packument = await fixture.upstream.packument('left-pad', CALM)
  expect(JSON.stringify(packument!.document)).toBe(registry.textOf('left-pad'))
  await fixture.restart()
  const again = await fixture.upstream.packument('left-pad', CALM)
  expect(JSON.stringify(again!.document)).toBe(registry.textOf('left-pad'))
  expect(again!.revision).toBe(packument!.revision)
})

test.each([true, false])('a document is the same whether it comes compressed or not (gzip: %s)', async gzip => {
  await using registry = await startFakeRegistry()
  registry.gzip = gzip
  await registry.publish('@acme/x', '1.0.0')
  await using fixture = await openFixture(registry.url)
  const packument = await fixture.upstream.packument('@acme/x', CALM)
  expect(JSON.stringify(packument!.document)).toBe(registry.textOf('@acme/x'))
  expect(registry.requests[0]!.headers.accept).toBe('application/json')
})

test('a hundred callers at once make one request', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  await using fixture = await openFixture(registry.url)
  const all = await Promise.all(Array.from({ length: 100 }, () => fixture.upstream.packument('x', CALM)))
  expect(new Set(all.map(packument => packument!.revision)).size).toBe(1)
  expect(registry.requests).toHaveLength(1)
})

test('one caller that goes away does not take the answer from the others', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  const gate = Promise.withResolvers<void>()
  registry.turn('/x', { kind: 'wait', until: gate.promise })
  await using fixture = await openFixture(registry.url)
  const leaving = new AbortController()
  const left = fixture.upstream.packument('x', leaving.signal)
  const stayed = fixture.upstream.packument('x', CALM)
  leaving.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  gate.resolve()
  expect(await stayed).not.toBeNull()
})

test('names that npm cannot have are never asked for', async () => {
  await using registry = await startFakeRegistry()
  await using fixture = await openFixture(registry.url)
  const names = [
    '__proto__',
    '..',
    '.x',
    '@a',
    '@/b',
    'a/b',
    '@a/../b',
    '@a/..',
    'a?b',
    'a#b',
    'a%2fb',
    '',
    ' x',
    'x\n',
    'é',
    'a'.repeat(215),
  ]
  for (const name of names) expect(await fixture.upstream.packument(name, CALM), name).toBeNull()
  for (const name of names) expect(await fixture.upstream.tarball(name, '1.0.0', CALM), name).toBeNull()
  expect(registry.requests).toHaveLength(0)
  for (const name of ['JSONStream', '-', 'a.b_c~d', "it's!(*)", '@a/_b', '@a-b/.c'.replace('.c', 'c.d')]) {
    await registry.publish(name, '1.0.0')
    expect(await fixture.upstream.packument(name, CALM), name).not.toBeNull()
  }
})

test('a restart keeps documents, their freshness and what was seen when', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  await using fixture = await openFixture(registry.url)
  const first = await fixture.upstream.packument('x', CALM)
  fixture.now += 4 * MINUTE
  await fixture.restart()
  const second = await fixture.upstream.packument('x', CALM)
  expect(second!.versions).toEqual(first!.versions)
  await fixture.upstream.settled()
  expect(registry.requests).toHaveLength(1)
})

test.each([
  ['its bytes', 2000, true],
  ['its facts', 250, false],
  ['its first line', 3, false],
])('a document kept with damage in %s is fetched again', async (_, at, remembers) => {
  await using registry = await startFakeRegistry()
  for (let i = 0; i < 20; i++) await registry.publish('x', `1.0.${i}`)
  await using fixture = await openFixture(registry.url)
  const first = await fixture.upstream.packument('x', CALM)
  const begin = fixture.now
  fixture.now += MINUTE
  const folder = join(cacheFolderOf({ registry, fixture }), 'packuments')
  const [file] = (await readdir(folder, { recursive: true })).filter(name => name.length > 10)
  const bytes = await readFile(join(folder, file!))
  bytes[Math.min(at, bytes.length - 1)]! ^= 4
  await writeFile(join(folder, file!), bytes)
  await fixture.restart()
  const second = await fixture.upstream.packument('x', CALM)
  expect(second!.document).toEqual(first!.document)
  expect(second!.revision === first!.revision).toBe(remembers)
  expect(registry.requests.map(({ status }) => status)).toEqual([200, 200])
  expect(second!.versions!.get('1.0.0')!.firstSeen).toBe(remembers ? begin : fixture.now)
})
