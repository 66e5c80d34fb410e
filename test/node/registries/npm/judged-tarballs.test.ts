import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { NpmSource } from '../../../../src/node/registries/npm/npm-source.ts'
import { PackumentBodies } from '../../../../src/node/registries/npm/packument-bodies.ts'
import { ReadOperations } from '../../../../src/node/registries/npm/read-operations.ts'
import type { RoutedPackage } from '../../../../src/node/registries/npm/registry-router.ts'
import { BUILT_IN_POLICY, compilePolicy, type PolicyDocument } from '../../../../src/protocol/index.ts'
import { listener, NO_FACTS } from '../../policy/no-facts.ts'
import { startFakeRegistry } from '../../upstream/fake-registry.ts'
import { CALM, openFixture, type UpstreamFixture } from '../../upstream/upstream-fixture.ts'

const OLD = { time: '2020-01-01T00:00:00.000Z' }
const ASKED = { range: undefined, isHead: false, who: 'ci' }

/** The front's reads over one real upstream, under a policy. */
function readsOf(fixture: UpstreamFixture, document: PolicyDocument = BUILT_IN_POLICY, source?: NpmSource) {
  const route = { to: 'upstream', name: 'fake', route: { match: 'npm:*' } }
  const heard = listener()
  const reads = new ReadOperations({
    router: {
      sourceOf: name =>
        ({
          package: `pkg:npm/${name}`,
          source: source ?? fixture.upstream,
          sourceKey: 'fake',
          route,
        }) as unknown as RoutedPackage,
    },
    facts: NO_FACTS,
    bodies: new PackumentBodies(),
    policy: () => ({ revision: '1', policy: compilePolicy(document) }),
    now: () => fixture.now,
    pin: async () => {},
    told: heard,
  })
  return { reads, heard }
}

test('a tarball is judged by what is kept beside the document, after a restart too', async () => {
  await using registry = await startFakeRegistry()
  const bytes = await registry.publish('x', '1.0.0', OLD)
  await registry.publish('x', '1.1.0', { ...OLD, manifest: { license: 'GPL-3.0-only' } })
  await using fixture = await openFixture(registry.url, { trustTime: true })
  const licence = { allow: null, deny: ['GPL-*'], unknown: 'allow', except: [], line: 2 } as const
  const { reads, heard } = readsOf(fixture, { ...BUILT_IN_POLICY, licence })
  for (const again of [false, true]) {
    if (again) await fixture.restart()
    const { body } = await reads.tarball('x', '1.0.0', ASKED, CALM)
    expect(Buffer.compare(await buffer(body as Readable), bytes)).toBe(0)
    await expect(reads.tarball('x', '1.1.0', ASKED, CALM)).rejects.toMatchObject({
      message: 'npm:x@1.1.0 is denied (licence): licence GPL-3.0-only is not allowed',
    })
    await fixture.upstream.settled()
  }
  expect(heard.installed).toMatchObject([{ version: '1.0.0', who: 'ci' }, { version: '1.0.0' }])
  expect(heard.withheld).toMatchObject([{ version: '1.1.0', rule: 'licence' }, { version: '1.1.0' }])
  expect(registry.asked('x-1.1.0.tgz')).toEqual([])
})

test('a version that appeared since the document was read is judged before any byte of it is sent', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0', OLD)
  await using fixture = await openFixture(registry.url, { trustTime: true })
  const { reads, heard } = readsOf(fixture)
  await fixture.upstream.packument('x', CALM)
  await registry.publish('x', '1.0.1', OLD)
  fixture.now += 60_000
  const until = new Date(fixture.now + 72 * 3_600_000).toISOString()
  await expect(reads.tarball('x', '1.0.1', ASKED, CALM)).rejects.toMatchObject({
    code: 'E_POLICY_DENIED',
    message: expect.stringContaining(`is held until ${until} (minimumAge)`),
  })
  expect(heard.installed).toEqual([])
  await expect(reads.tarball('x', '7.0.0', ASKED, CALM)).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  await fixture.upstream.settled()
})

test('bytes that took the place of others while they were asked for are judged by their own age', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0', OLD)
  await using fixture = await openFixture(registry.url, { trustTime: true })
  const { upstream } = fixture
  const { reads, heard } = readsOf(fixture, BUILT_IN_POLICY, {
    packument: (name, signal) => upstream.packument(name, signal),
    tarball: async (name, version, signal) => {
      await registry.publish(name, version, { ...OLD, manifest: { license: 'MIT' } })
      fixture.now += 3_600_000
      await upstream.packument(name, signal)
      await upstream.settled()
      return await upstream.tarball(name, version, signal)
    },
  })
  await upstream.packument('x', CALM)
  await expect(reads.tarball('x', '1.0.0', ASKED, CALM)).rejects.toMatchObject({
    code: 'E_POLICY_DENIED',
    message: expect.stringContaining('minimumAge'),
  })
  expect(heard.installed).toEqual([])
  await upstream.settled()
})

test('an upstream that cannot be asked is what is wrong, not the age of a version that nobody knows', async () => {
  const registry = await startFakeRegistry()
  await using fixture = await openFixture(registry.url)
  await registry.cut()
  const { reads, heard } = readsOf(fixture)
  await expect(reads.tarball('x', '1.0.0', ASKED, CALM)).rejects.toMatchObject({ code: 'E_UPSTREAM_DOWN' })
  expect(heard.withheld).toEqual([])
})

test('in dry-run everything is sent, and what would have been withheld is told', async () => {
  await using registry = await startFakeRegistry()
  const bytes = await registry.publish('x', '1.0.0', OLD)
  await using fixture = await openFixture(registry.url)
  const { reads, heard } = readsOf(fixture, { ...BUILT_IN_POLICY, mode: 'dry-run' })
  const { body } = await reads.tarball('x', '1.0.0', ASKED, CALM)
  expect(Buffer.compare(await buffer(body as Readable), bytes)).toBe(0)
  expect(heard.withheld).toMatchObject([{ version: '1.0.0', rule: 'minimumAge', enforced: false }])
  expect(heard.installed).toHaveLength(1)
  await fixture.upstream.settled()
})
