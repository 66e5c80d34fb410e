import { expect, it } from 'vitest'
import { PackumentBodies } from '../../../../src/node/registries/npm/packument-bodies.ts'
import { PublisherSource, type PublisherSourceParts } from '../../../../src/node/registries/npm/publisher-source.ts'
import { ReadOperations } from '../../../../src/node/registries/npm/read-operations.ts'
import type { RoutedPackage } from '../../../../src/node/registries/npm/registry-router.ts'
import { type PackageName, type PublisherId, STANDING_RULES } from '../../../../src/protocol/index.ts'
import { listener, NO_FACTS } from '../../policy/no-facts.ts'

const NAME = 'pkg:npm/x' as PackageName
const PUBLISHER = 'p' as PublisherId

/** One publisher's x@1.0.0, whose delegation a test ends and renews, as the catalogue shows it: in the same state. */
function openReads() {
  const clock = { now: 1_000, expires: null as number | null }
  const at = ['r', 0]
  const artifact = { name: 'x-1.0.0.tgz', sha256: '00', cid: 'c', size: 1 }
  const release = {
    ...{ version: '1.0.0', state: 'live', yankedWhy: null, deprecated: null, summary: {}, manifest: null },
    ...{ artifacts: [{ artifact, at }], described: at, records: [], visibility: 'public' },
    get expires() {
      return clock.expires
    },
  }
  const releases = new Map([['1.0.0', release]])
  const state = { package: NAME, releases, tags: new Map(), deprecated: null, origins: [], visibility: 'public' }
  const library = { package: () => state } as unknown as PublisherSourceParts['library']
  const source = new PublisherSource({ library } as PublisherSourceParts, PUBLISHER)
  const route = { to: 'publisher', publisher: PUBLISHER, pin: false }
  const routed = { package: NAME, source, sourceKey: PUBLISHER, route } as unknown as RoutedPackage
  const reads = new ReadOperations({
    router: { sourceOf: () => routed },
    facts: { ...NO_FACTS, library },
    bodies: new PackumentBodies(),
    policy: () => ({ revision: 'standing', policy: { rules: STANDING_RULES } }),
    told: listener(),
    now: () => clock.now,
    pin: async () => {},
  })
  const { signal } = new AbortController()
  const listed = async () => {
    const asked = { form: 'full', encoding: 'identity', base: '', ifNoneMatch: undefined, who: 'me', signal } as const
    return Object.keys(JSON.parse(String((await reads.packument('x', asked)).body)).versions)
  }
  return { clock, listed }
}

it('a packument ceases to list a release when its delegation ends, and lists it again when that is renewed', async () => {
  const { clock, listed } = openReads()
  expect(await listed()).toEqual(['1.0.0'])
  clock.expires = 500
  expect(await listed()).toEqual([])
  clock.expires = 2_000
  expect(await listed()).toEqual(['1.0.0'])
  clock.now = 2_000
  expect(await listed()).toEqual([])
  clock.expires = 3_000
  expect(await listed()).toEqual(['1.0.0'])
})
