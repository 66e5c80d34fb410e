import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { NpmPackument } from '../../../src/node/registries/npm/npm-source.ts'
import { seenVersionsOf } from '../../../src/node/upstream/npm/first-seen.ts'
import { digestsOf, startFakeRegistry } from './fake-registry.ts'
import { CALM, openFixture } from './upstream-fixture.ts'

const OLD = '2021-05-05T05:05:05.000Z'
const STALE = 5 * 60_000

const timesOf = (packument: NpmPackument | null) =>
  [...packument!.versions!].map(([version, { firstSeen }]) => [version, firstSeen])

test('a name new to this node is seen now, whatever time an unmarked upstream claims', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0', { time: OLD })
  await using fixture = await openFixture(registry.url)
  const packument = await fixture.upstream.packument('x', CALM)
  expect(timesOf(packument)).toEqual([['1.0.0', fixture.now]])
  expect(packument!.document.time!['1.0.0']).toBe(OLD)
})

test('a name new to this node takes the time of an upstream that is trusted with it, but none to come and no nonsense', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0', { time: OLD })
  await registry.publish('x', '2.0.0', { time: '2099-01-01T00:00:00.000Z' })
  await registry.publish('x', '3.0.0', { time: 'long ago' })
  await using fixture = await openFixture(registry.url, { trustTime: true })
  expect(timesOf(await fixture.upstream.packument('x', CALM))).toEqual([
    ['1.0.0', Date.parse(OLD)],
    ['2.0.0', fixture.now],
    ['3.0.0', fixture.now],
  ])
})

test('a version that appears later is seen then, also from a trusted upstream that back-dates it; the others keep their time', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0', { time: OLD })
  await using fixture = await openFixture(registry.url, { trustTime: true })
  await fixture.upstream.packument('x', CALM)
  await registry.publish('x', '1.0.1', { time: OLD })
  fixture.now += STALE
  await fixture.upstream.packument('x', CALM)
  await fixture.upstream.settled()
  const seen = fixture.now
  await fixture.restart()
  fixture.now += STALE
  expect(timesOf(await fixture.upstream.packument('x', CALM))).toEqual([
    ['1.0.0', Date.parse(OLD)],
    ['1.0.1', seen],
  ])
})

test('a version that goes away and returns is seen when it returned', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0', { time: OLD })
  await registry.publish('x', '2.0.0', { time: OLD })
  await using fixture = await openFixture(registry.url, { trustTime: true, freshMs: 0 })
  await fixture.upstream.packument('x', CALM)
  const { versions } = registry.document('x')
  const gone = versions['1.0.0']
  delete versions['1.0.0']
  const renew = async () => {
    fixture.now += STALE
    await fixture.upstream.packument('x', CALM)
    await fixture.upstream.settled()
  }
  await renew()
  versions['1.0.0'] = gone
  await renew()
  const seen = fixture.now
  await registry.cut()
  expect((await fixture.upstream.packument('x', CALM))!.versions!.get('1.0.0')!.firstSeen).toBe(seen)
})

test('whatever times a document claims, versions are seen as without them, unless the name is new and the upstream trusted', () => {
  const versions = Object.fromEntries(
    ['1.0.0', '1.1.0', '2.0.0'].map(version => {
      const dist = { ...digestsOf(Buffer.from(version)), tarball: `https://u.example/${version}` }
      return [version, { name: 'x', version, dist }]
    }),
  )
  const document = { name: 'x', 'dist-tags': {}, versions }
  const iso = fc
    .date({ min: new Date(0), max: new Date('2030-01-01'), noInvalidDate: true })
    .map(date => date.toISOString())
  const times = fc.dictionary(fc.constantFrom(...Object.keys(versions), '9.9.9'), iso)
  const seenAt = (time: Record<string, string>, known: 'known' | 'new', trustTime: boolean, now: number) => {
    const before = known === 'new' ? null : new Map([...seenVersionsOf(document, null, false, 5)].slice(0, 2))
    return [...seenVersionsOf({ ...document, time }, before, trustTime, now).values()].map(({ firstSeen }) => firstSeen)
  }
  fc.assert(
    fc.property(times, fc.nat(2 ** 40), fc.boolean(), (time, now, trustTime) => {
      expect(seenAt(time, 'known', trustTime, now)).toEqual([5, 5, now])
      expect(seenAt(time, 'new', false, now)).toEqual([now, now, now])
      for (const at of seenAt(time, 'new', true, now)) expect(at).toBeLessThanOrEqual(now)
    }),
  )
})
