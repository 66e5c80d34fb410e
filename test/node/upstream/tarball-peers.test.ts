import { expect, test } from 'vitest'
import type { TarballPeers } from '../../../src/node/upstream/npm/tarball-peers.ts'
import type { Sha256 } from '../../../src/protocol/index.ts'
import { startFakeRegistry } from './fake-registry.ts'
import { bytesOfTarball, CALM, openFixture } from './upstream-fixture.ts'

/** An upstream with one version, and peers that may bring its bytes into the store. */
async function world() {
  const stack = new AsyncDisposableStack()
  const registry = stack.use(await startFakeRegistry())
  const tarball = await registry.publish('hull', '1.0.0')
  const seen = { asked: [] as string[], kept: [] as string[], brings: 'nothing' as 'nothing' | 'bytes' | 'a claim' }
  const peers: TarballPeers = {
    bring: async ({ name, version, expected }) => {
      seen.asked.push(`${name}@${version} ${expected().algorithm}`)
      if (seen.brings === 'nothing') return null
      if (seen.brings === 'a claim') return '0'.repeat(64) as Sha256
      const source = (async function* () {
        yield tarball
      })()
      return (await fixture.artifacts.addPulled(source)).sha256
    },
    kept: (name, version) => void seen.kept.push(`${name}@${version}`),
  }
  const fixture = stack.use(await openFixture(registry.url, {}, { peers }))
  const get = async () => await bytesOfTarball(await fixture.upstream.tarball('hull', '1.0.0', CALM))
  return { registry, tarball, seen, fixture, get, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

test('peers are asked first, once; the upstream never for what they brought', async () => {
  await using it = await world()
  it.seen.brings = 'bytes'
  for (let i = 0; i < 2; i++) expect(Buffer.compare(await it.get(), it.tarball)).toBe(0)
  expect(it.seen).toMatchObject({ asked: ['hull@1.0.0 sha512'], kept: ['hull@1.0.0'] })
  expect(it.registry.asked('.tgz')).toEqual([])
  await it.registry.cut()
  expect(Buffer.compare(await it.get(), it.tarball)).toBe(0)
})

test('the upstream is asked for what peers do not have, or only claim', async () => {
  for (const brings of ['nothing', 'a claim'] as const) {
    await using it = await world()
    it.seen.brings = brings
    expect(Buffer.compare(await it.get(), it.tarball)).toBe(0)
    await it.fixture.upstream.settled()
    expect([it.registry.asked('.tgz').length, it.seen.kept]).toEqual([1, ['hull@1.0.0']])
  }
})

test('a version that the upstream does not list is asked of nobody', async () => {
  await using it = await world()
  expect(await it.fixture.upstream.tarball('hull', '9.9.9', CALM)).toBeNull()
  expect(it.seen.asked).toEqual([])
})
