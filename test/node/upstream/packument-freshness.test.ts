import { expect, test } from 'vitest'
import { startFakeRegistry } from './fake-registry.ts'
import { bytesOfTarball, CALM, openFixture } from './upstream-fixture.ts'

const MINUTE = 60_000

test('a fresh document is not asked for; a stale one is answered at once and confirmed with its ETag', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  await using fixture = await openFixture(registry.url)
  const first = await fixture.upstream.packument('x', CALM)
  fixture.now += 5 * MINUTE - 1
  expect(await fixture.upstream.packument('x', CALM)).toBe(first)
  expect(registry.requests).toHaveLength(1)
  fixture.now += 1
  expect(await fixture.upstream.packument('x', CALM)).toBe(first)
  await fixture.upstream.settled()
  expect(registry.requests.map(({ status }) => status)).toEqual([200, 304])
  expect(await fixture.upstream.packument('x', CALM)).toBe(first)
  expect(registry.requests).toHaveLength(2)
})

test('while a stale document is renewed it is answered; afterwards the new one is', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  await using fixture = await openFixture(registry.url)
  const first = await fixture.upstream.packument('x', CALM)
  await registry.publish('x', '2.0.0')
  const gate = Promise.withResolvers<void>()
  registry.turn('/x', { kind: 'wait', until: gate.promise })
  fixture.now += 5 * MINUTE
  expect(await fixture.upstream.packument('x', CALM)).toBe(first)
  expect(await fixture.upstream.packument('x', CALM)).toBe(first)
  gate.resolve()
  await fixture.upstream.settled()
  const second = await fixture.upstream.packument('x', CALM)
  expect(Object.keys(second!.document.versions)).toEqual(['1.0.0', '2.0.0'])
  expect(second!.revision).not.toBe(first!.revision)
  expect(registry.requests).toHaveLength(2)
})

test('an upstream without ETags that sends the same bytes again changes nothing', async () => {
  await using registry = await startFakeRegistry()
  registry.etags = false
  await registry.publish('x', '1.0.0')
  await using fixture = await openFixture(registry.url)
  const first = await fixture.upstream.packument('x', CALM)
  fixture.now += 5 * MINUTE
  await fixture.upstream.packument('x', CALM)
  await fixture.upstream.settled()
  expect(await fixture.upstream.packument('x', CALM)).toBe(first)
  expect(registry.requests.map(({ status }) => status)).toEqual([200, 200])
})

test.each(['é\u0080', 'x'.repeat(2000), ''])('an ETag that cannot be sent back (%s) is not', async etag => {
  await using registry = await startFakeRegistry()
  registry.gzip = false
  await registry.publish('x', '1.0.0')
  registry.turn('/x', { kind: 'replace', bytes: Buffer.from(registry.textOf('x')), headers: { etag } })
  await using fixture = await openFixture(registry.url, { freshMs: 0 })
  await fixture.upstream.packument('x', CALM)
  await fixture.restart()
  await fixture.upstream.packument('x', CALM)
  await fixture.upstream.settled()
  expect(registry.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined])
  expect(fixture.problems).toEqual([])
})

test('a name that is not there is remembered for a minute', async () => {
  await using registry = await startFakeRegistry()
  await using fixture = await openFixture(registry.url)
  expect(await fixture.upstream.packument('none', CALM)).toBeNull()
  expect(await fixture.upstream.packument('none', CALM)).toBeNull()
  expect(registry.requests).toHaveLength(1)
  await registry.publish('none', '1.0.0')
  fixture.now += MINUTE
  expect(await fixture.upstream.packument('none', CALM)).not.toBeNull()
})

test('a cut upstream: what is held is answered however old, the rest refused quickly, also after a restart', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  await using fixture = await openFixture(registry.url)
  const first = await fixture.upstream.packument('x', CALM)
  await registry.cut()
  fixture.now += 1000 * 24 * 60 * MINUTE
  expect(await fixture.upstream.packument('x', CALM)).toBe(first)
  await expect(fixture.upstream.packument('y', CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_DOWN' })
  await fixture.upstream.settled()
  const asked = fixture.upstream.requests
  for (let i = 0; i < 100; i++) {
    expect(await fixture.upstream.packument('x', CALM)).toBe(first)
    await expect(fixture.upstream.packument(`y${i}`, CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_DOWN' })
  }
  expect(fixture.upstream.requests).toBe(asked)
  await fixture.restart()
  expect((await fixture.upstream.packument('x', CALM))!.revision).toBe(first!.revision)
})

test('a package that was taken down stays away after a restart, its kept tarballs too while the upstream is cut', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  await using fixture = await openFixture(registry.url)
  const first = await fixture.upstream.packument('x', CALM)
  await bytesOfTarball(await fixture.upstream.tarball('x', '1.0.0', CALM))
  await fixture.upstream.settled()
  registry.turn('/x', { kind: 'status', status: 404 })
  fixture.now += 5 * MINUTE
  await fixture.upstream.packument('x', CALM)
  await fixture.upstream.settled()
  await fixture.restart()
  expect(await fixture.upstream.packument('x', CALM)).toBeNull()
  expect(await fixture.upstream.tarball('x', '1.0.0', CALM)).toBeNull()
  registry.turn('/x')
  fixture.now += MINUTE
  expect((await fixture.upstream.packument('x', CALM))!.versions).toEqual(first!.versions)
  registry.turn('/x', { kind: 'status', status: 404 })
  fixture.now += 5 * MINUTE
  await fixture.upstream.packument('x', CALM)
  await fixture.upstream.settled()
  await fixture.restart()
  await registry.cut()
  await expect(fixture.upstream.packument('x', CALM)).rejects.toThrow()
  await expect(fixture.upstream.tarball('x', '1.0.0', CALM)).rejects.toThrow()
})

test('a package that goes away is answered as absent, and remembers its versions when it returns', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  await using fixture = await openFixture(registry.url)
  const first = await fixture.upstream.packument('x', CALM)
  registry.turn('/x', { kind: 'status', status: 404 })
  fixture.now += 5 * MINUTE
  expect(await fixture.upstream.packument('x', CALM)).toBe(first)
  await fixture.upstream.settled()
  expect(await fixture.upstream.packument('x', CALM)).toBeNull()
  fixture.now += MINUTE
  expect(await fixture.upstream.packument('x', CALM)).toBeNull()
  registry.turn('/x')
  fixture.now += MINUTE
  expect((await fixture.upstream.packument('x', CALM))!.versions).toEqual(first!.versions)
})

test('a name that the upstream did not have stays absent while it is down, and no other does', async () => {
  await using registry = await startFakeRegistry()
  await using fixture = await openFixture(registry.url)
  expect(await fixture.upstream.packument('x', CALM)).toBeNull()
  fixture.now += 60 * MINUTE
  registry.turn('/x', { kind: 'status', status: 500 })
  expect(await fixture.upstream.packument('x', CALM)).toBeNull()
  registry.turn('/x')
  await registry.publish('x', '1.0.0')
  fixture.now += MINUTE
  expect((await fixture.upstream.packument('x', CALM))!.versions?.size).toBe(1)
  await registry.cut()
  await expect(fixture.upstream.packument('y', CALM)).rejects.toThrow()
})
