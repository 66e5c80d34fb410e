import { expect, test } from 'vitest'
import { startFakeRegistry } from './fake-registry.ts'
import { CALM, openFixture } from './upstream-fixture.ts'

const OLD = '2021-05-05T05:05:05.000Z'
const STALE = 5 * 60_000

test('a name new to this node is seen now, whatever time an unmarked upstream claims', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0', { time: OLD })
  await using fixture = await openFixture(registry.url)
  const packument = await fixture.upstream.packument('x', CALM)
  expect([...packument!.firstSeen]).toEqual([['1.0.0', fixture.now]])
  expect(packument!.document.time!['1.0.0']).toBe(OLD)
})

test('a name new to this node takes the time of an upstream that is trusted with it, but none to come and no nonsense', async () => {
  await using registry = await startFakeRegistry()
  await registry.publish('x', '1.0.0', { time: OLD })
  await registry.publish('x', '2.0.0', { time: '2099-01-01T00:00:00.000Z' })
  await registry.publish('x', '3.0.0', { time: 'long ago' })
  await using fixture = await openFixture(registry.url, { trustTime: true })
  const { firstSeen } = (await fixture.upstream.packument('x', CALM))!
  expect([...firstSeen]).toEqual([
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
  const { firstSeen } = (await fixture.upstream.packument('x', CALM))!
  expect([...firstSeen]).toEqual([
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
  expect((await fixture.upstream.packument('x', CALM))!.firstSeen.get('1.0.0')).toBe(seen)
})
