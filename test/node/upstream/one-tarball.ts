import { join } from 'node:path'
import { expect } from 'vitest'
import { cacheKeyOf } from '../../../src/node/upstream/cache-key.ts'
import { bytesOf } from '../storage/temporary-home.ts'
import { startFakeRegistry } from './fake-registry.ts'
import { type FixtureOptions, openFixture } from './upstream-fixture.ts'

export const PATH = '/x/-/x-1.0.0.tgz'
export const MIB = 2 ** 20

/** A registry with x@1.0.0 of so many bytes, and an upstream of it. */
export async function openOne(size: number, dist: Record<string, unknown> = {}, options: FixtureOptions = {}) {
  const registry = await startFakeRegistry()
  const tarball = await registry.publish('x', '1.0.0', { tarball: bytesOf(size), dist })
  const fixture = await openFixture(registry.url, {}, options)
  const opened = new AsyncDisposableStack()
  opened.use(registry)
  opened.use(fixture)
  return { registry, tarball, fixture, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** Where the cache of a fixture's upstream lies. */
export function cacheFolderOf({
  registry,
  fixture,
}: Pick<Awaited<ReturnType<typeof openOne>>, 'registry' | 'fixture'>) {
  return join(fixture.folder, 'upstream', cacheKeyOf({ name: 'fake', url: new URL(registry.url).href }))
}

/** Compares bytes quickly. */
export function expectSame(bytes: Uint8Array, expected: Uint8Array): void {
  expect(bytes.length).toBe(expected.length)
  expect(Buffer.compare(bytes, expected)).toBe(0)
}

/** How many artifacts a store holds. */
export async function keptCount(artifacts: { list(): AsyncIterable<unknown> }): Promise<number> {
  let count = 0
  for await (const _ of artifacts.list()) count++
  return count
}
