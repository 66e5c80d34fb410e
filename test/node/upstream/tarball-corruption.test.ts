import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf } from '../storage/temporary-home.ts'
import { startFakeRegistry } from './fake-registry.ts'
import type { Knob } from './knob.ts'
import { CALM, openFixture } from './upstream-fixture.ts'

const PATH = '/x/-/x-1.0.0.tgz'
const SIZES = [2, 1000, 70_000, 300_000]

/** Every way to spoil bytes of this length on their way. */
function spoiling(size: number): fc.Arbitrary<Knob> {
  const place = fc.nat(size - 1)
  return fc.oneof(
    place.map(at => ({ kind: 'alter', at }) as const),
    place.map(after => ({ kind: 'cut', after }) as const),
    place.map(after => ({ kind: 'short', after }) as const),
    fc.uint8Array({ maxLength: 2000 }).map(bytes => ({ kind: 'replace', bytes }) as const),
    fc.uint8Array({ minLength: 1, maxLength: 50 }).map(more => {
      return { kind: 'replace', bytes: Buffer.concat([bytesOf(size), more]) } as const
    }),
  )
}

test('however bytes are spoilt on the way, no client gets all of them, and the next honest answer is served', async () => {
  await using registry = await startFakeRegistry()
  await using fixture = await openFixture(registry.url)
  const cases = fc.constantFrom(...SIZES).chain(size => fc.tuple(fc.constant(size), spoiling(size)))
  let spoilt = 0
  await fc.assert(
    fc.asyncProperty(cases, async ([size, knob]) => {
      fixture.now += 3600_000
      await registry.publish('x', '1.0.0', { tarball: bytesOf(size) })
      registry.turn(PATH, knob)
      await fixture.upstream.packument('x', CALM)
      await fixture.upstream.settled()
      const received: Uint8Array[] = []
      const code = await (async () => {
        try {
          const answer = await fixture.upstream.tarball('x', '1.0.0', CALM)
          for await (const chunk of answer!.bytes) received.push(chunk)
          return null
        } catch (error) {
          return (error as { code?: unknown }).code
        }
      })()
      await fixture.upstream.settled()
      const got = Buffer.concat(received)
      expect(['E_DIGEST_MISMATCH', 'E_UPSTREAM_TRUNCATED', 'E_UPSTREAM_DOWN']).toContain(code)
      expect(got.length).toBeLessThan(Math.max(1, size))
      spoilt++
    }),
    { numRuns: 200, seed: 20260101 },
  )
  registry.turn(PATH)
  fixture.now += 3600_000
  const honest = bytesOf(SIZES[2]!)
  await registry.publish('x', '1.0.0', { tarball: honest })
  await fixture.upstream.packument('x', CALM)
  await fixture.upstream.settled()
  const chunks: Uint8Array[] = []
  for await (const chunk of (await fixture.upstream.tarball('x', '1.0.0', CALM))!.bytes) chunks.push(chunk)
  expect(Buffer.compare(Buffer.concat(chunks), honest)).toBe(0)
  await fixture.upstream.settled()
  let kept = 0
  for await (const _ of fixture.artifacts.list()) kept++
  expect([spoilt, kept]).toEqual([200, 1])
})
