import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scopedFolder } from '../storage/temporary-home.ts'
import { startFakeRegistry } from './fake-registry.ts'
import type { Knob } from './knob.ts'
import { bytesOfTarball, CALM, IMPATIENT, openFixture } from './upstream-fixture.ts'

const FAILURES: readonly (readonly [string, Knob, string])[] = [
  ['500', { kind: 'status', status: 500 }, 'E_UPSTREAM_FAILED'],
  ['429', { kind: 'status', status: 429 }, 'E_UPSTREAM_FAILED'],
  ['401', { kind: 'status', status: 401 }, 'E_UPSTREAM_REFUSED'],
  ['403', { kind: 'status', status: 403 }, 'E_UPSTREAM_REFUSED'],
  ['418', { kind: 'status', status: 418 }, 'E_UPSTREAM_ANSWER'],
  ['304 without a question', { kind: 'status', status: 304 }, 'E_UPSTREAM_ANSWER'],
  ['a dropped connection', { kind: 'drop' }, 'E_UPSTREAM_DOWN'],
  ['silence', { kind: 'hang' }, 'E_UPSTREAM_TIMEOUT'],
  ['a stalled body', { kind: 'pause', after: 10, until: new Promise(() => {}) }, 'E_UPSTREAM_TIMEOUT'],
  ['a cut body', { kind: 'cut', after: 10 }, 'E_UPSTREAM_TRUNCATED'],
  ['half a body', { kind: 'short', after: 50 }, 'E_UPSTREAM_TRUNCATED'],
  ['an altered body', { kind: 'alter', at: 30 }, 'E_UPSTREAM_TRUNCATED'],
  [
    'no JSON',
    { kind: 'replace', bytes: Buffer.from('<html>'), headers: { 'content-encoding': 'identity' } },
    'E_UPSTREAM_DOCUMENT',
  ],
  ['brotli', { kind: 'replace', bytes: Buffer.from('x'), headers: { 'content-encoding': 'br' } }, 'E_UPSTREAM_ANSWER'],
  ['a file', { kind: 'redirect', to: 'file:///etc/passwd' }, 'E_UPSTREAM_ANSWER'],
  ['a circle', { kind: 'redirect', to: '/x' }, 'E_UPSTREAM_ANSWER'],
]

test.each(FAILURES)(
  '%s: an error with its code at first, the held document once there is one',
  async (_, knob, code) => {
    await using registry = await startFakeRegistry()
    await registry.publish('x', '1.0.0')
    registry.turn('/x', knob)
    const options = code === 'E_UPSTREAM_TIMEOUT' ? { limits: IMPATIENT } : {}
    await using fixture = await openFixture(registry.url, {}, options)
    await expect(fixture.upstream.packument('x', CALM)).rejects.toMatchObject({ code })
    registry.turn('/x')
    fixture.now += 60_000
    const held = await fixture.upstream.packument('x', CALM)
    registry.turn('/x', knob)
    registry.document('x').changed = true
    fixture.now += 5 * 60_000
    expect(await fixture.upstream.packument('x', CALM)).toBe(held)
    await fixture.upstream.settled()
    fixture.now += 1_000
    expect(await fixture.upstream.packument('x', CALM)).toBe(held)
  },
)

test('a connection lost before the answer is made once more, no oftener', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  registry.turn('/x', { kind: 'drop' }, { kind: 'none' })
  await using fixture = await openFixture(registry.url)
  expect(await fixture.upstream.packument('x', CALM)).not.toBeNull()
  registry.turn('/y', { kind: 'drop' })
  await expect(fixture.upstream.packument('y', CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_DOWN' })
  expect([registry.asked('/x').length, registry.asked('/y').length]).toEqual([2, 2])
})

test('the total time-out ends what drips', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  registry.turn('/x', { kind: 'pause', after: 10, until: new Promise(() => {}) })
  const limits = { connectMs: 9e5, headersMs: 9e5, idleMs: 9e5, documentMs: 100, tarballMs: 100, connections: 1 }
  await using fixture = await openFixture(registry.url, {}, { limits })
  await expect(fixture.upstream.packument('x', CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_TIMEOUT' })
})

test('a bomb of 65 MiB in a small gzip is refused', async () => {
  await using registry = await startFakeRegistry()
  registry.say('x', `{"name":"x","fill":"${'0'.repeat(65 * 2 ** 20)}"}`)
  await using fixture = await openFixture(registry.url)
  await expect(fixture.upstream.packument('x', CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_TOO_LARGE' })
  registry.gzip = false
  fixture.now += 60_000
  await expect(fixture.upstream.packument('x', CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_TOO_LARGE' })
})

test('one package that fails does not stop the others; five failures in a row rest the upstream, one request probes it', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('good', '1.0.0')
  registry.turn('/bad', { kind: 'status', status: 500 })
  await using fixture = await openFixture(registry.url, { freshMs: 0 })
  const refused = (code: string) => expect(fixture.upstream.packument('bad', CALM)).rejects.toMatchObject({ code })
  const bad = () => refused('E_UPSTREAM_FAILED')
  const resting = () => refused('E_UPSTREAM_DOWN')
  for (let i = 0; i < 4; i++) await bad()
  expect(await fixture.upstream.packument('good', CALM)).not.toBeNull()
  for (let i = 0; i < 5; i++) await bad()
  const asked = registry.requests.length
  await resting()
  expect(registry.requests).toHaveLength(asked)
  fixture.now += 1_000
  await Promise.all([
    bad(),
    fixture.upstream.packument('a', CALM).catch(() => {}),
    fixture.upstream.packument('b', CALM).catch(() => {}),
  ])
  expect(registry.requests).toHaveLength(asked + 1)
  fixture.now += 1_999
  await resting()
  expect(registry.requests).toHaveLength(asked + 1)
  fixture.now += 1
  expect(await fixture.upstream.packument('other', CALM)).toBeNull()
  expect(await fixture.upstream.packument('another', CALM)).toBeNull()
})

test('closing ends what is under way, with an error that says so', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0')
  await registry.publish('y', '1.0.0')
  registry.turn('/x', { kind: 'hang' })
  registry.turn('/y/-/y-1.0.0.tgz', { kind: 'pause', after: 10, until: new Promise(() => {}) })
  const calm = { connectMs: 9e5, headersMs: 9e5, idleMs: 9e5, documentMs: 9e5, tarballMs: 9e5, connections: 8 }
  await using fixture = await openFixture(registry.url, {}, { limits: calm })
  const document = fixture.upstream.packument('x', CALM)
  const tarball = (await fixture.upstream.tarball('y', '1.0.0', CALM))!.bytes[Symbol.asyncIterator]().next()
  const ended = Promise.all([
    expect(document).rejects.toMatchObject({ code: 'E_UPSTREAM_DOWN' }),
    expect(tarball).rejects.toMatchObject({ code: 'E_UPSTREAM_DOWN' }),
  ])
  await fixture.upstream[Symbol.asyncDispose]()
  await ended
  await expect(fixture.upstream.packument('z', CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_DOWN' })
})

test('credentials go to the upstream alone: not to another host by redirect, nor by dist.tarball', async () => {
  await using folder = await scopedFolder()
  const tokenFile = join(folder.path, 'token')
  await writeFile(tokenFile, 's3cret\n')
  await using registry = await startFakeRegistry()
  await using elsewhere = await startFakeRegistry()
  await registry.publish('a', '1.0.0')
  const moved = await elsewhere.publish('b', '1.0.0')
  registry.turn('/b', { kind: 'redirect', to: `${elsewhere.url}b` })
  const far = await elsewhere.publish('c', '1.0.0')
  await registry.publish('c', '1.0.0', { tarball: far, dist: { tarball: `${elsewhere.url}c/-/c-1.0.0.tgz` } })
  registry.turn('/a/-/a-1.0.0.tgz', { kind: 'redirect', to: '/real' })
  await using fixture = await openFixture(registry.url, { credentials: { kind: 'bearer', tokenFile } })
  expect(await bytesOfTarball(await fixture.upstream.tarball('b', '1.0.0', CALM))).toEqual(moved)
  expect(await bytesOfTarball(await fixture.upstream.tarball('c', '1.0.0', CALM))).toEqual(far)
  await fixture.upstream.tarball('a', '1.0.0', CALM)
  expect(registry.requests.length).toBeGreaterThan(3)
  expect(new Set(registry.requests.map(({ headers }) => headers.authorization))).toEqual(new Set(['Bearer s3cret']))
  expect(elsewhere.requests.length).toBe(3)
  expect(new Set(elsewhere.requests.map(({ headers }) => headers.authorization))).toEqual(new Set([undefined]))
})

test('user and password are sent as Basic; a base with a path keeps it', async () => {
  await using folder = await scopedFolder()
  const passwordFile = join(folder.path, 'password')
  await writeFile(passwordFile, 'pass:word')
  await using registry = await startFakeRegistry()
  await registry.publish('repository/npm/x', '1.0.0')
  registry.say('repository/npm/@acme/x', '{"name":"@acme/x"}')
  const credentials = { kind: 'basic', username: 'bob', passwordFile }
  await using fixture = await openFixture(`${registry.url}repository/npm`, { credentials })
  expect(await fixture.upstream.packument('@acme/x', CALM)).not.toBeNull()
  const [seen] = registry.requests
  expect(seen).toMatchObject({ path: '/repository/npm/@acme/x' })
  expect(seen!.headers.authorization).toBe(`Basic ${Buffer.from('bob:pass:word').toString('base64')}`)
})
