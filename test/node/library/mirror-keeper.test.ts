import { expect, test } from 'vitest'
import { MirrorKeeper } from '../../../src/node/library/mirror-keeper.ts'
import type { Artifact, PackageName, PackageState, PublisherId } from '../../../src/protocol/index.ts'
import { settled, TestClock } from '../../federation/streams/duplex-pair.ts'

const [acme, hostile] = ['acme', 'hostile'] as PublisherId[] as [PublisherId, PublisherId]
type Change = { readonly publisher: PublisherId; readonly package: PackageName }

/** A keeper over packages of one file each, and who asked for what. */
function keeperOver(catalogue: Map<PublisherId, string[]>, hasNow: (name: string) => boolean | Promise<boolean>) {
  const clock = new TestClock()
  const held = new Set<string>()
  const tried: string[] = []
  let looked = 0
  let seen = 0
  let tell: (records: readonly never[], touched: readonly Change[]) => void = () => {}
  const artifactOf = (name: string): Artifact => ({ name, cid: name as never, size: 1, sha256: name as never })
  const stateOf = (name: string): PackageState =>
    ({
      releases: new Map([['1', { state: 'live', manifest: null, artifacts: [{ artifact: artifactOf(name) }] }]]),
    }) as unknown as PackageState
  const packagesOf = (id: PublisherId) => new Map((catalogue.get(id) ?? []).map(name => [name, stateOf(name)]))
  const mirrored = new Set(catalogue.keys())
  const keeper = new MirrorKeeper({
    library: {
      catalogue: {
        publishers: () => [...catalogue.keys()],
        publisher: (id: PublisherId) => ({ packages: packagesOf(id) }),
      },
      package: (id: PublisherId, name: string) => (catalogue.get(id)?.includes(name) ? stateOf(name) : null),
      onChange: (listener: typeof tell) => {
        tell = listener
        return () => {}
      },
    } as never,
    fetcher: {
      fetch: async ({ name }) => {
        tried.push(name)
        await new Promise<void>(resolve => setImmediate(resolve))
        if (!(await hasNow(name))) return { failed: 'E_NO_PROVIDER', refused: [], tried: [] }
        held.add(name)
        return { from: 'peer' as never }
      },
    },
    isMirrored: id => {
      seen++
      return mirrored.has(id)
    },
    copies: { isWanted: async () => true },
    has: async ({ name }) => {
      looked++
      return held.has(name)
    },
    onFailed: () => {},
    clock,
  })
  const changed = (publisher: PublisherId, name: string) => {
    catalogue.get(publisher)?.push(name)
    tell([], [{ publisher, package: name as PackageName }])
  }
  const unmirror = (publisher: PublisherId) => mirrored.delete(publisher)
  return { keeper, clock, held, tried, changed, unmirror, looks: () => looked, seen: () => seen }
}

const names = (word: string, count: number) => Array.from({ length: count }, (_, i) => `${word}${i}`)

test('a start looks at everything, a change only at the package that changed', async () => {
  const it = keeperOver(new Map([[acme, names('a', 200)]]), () => true)
  await using _keeper = it.keeper
  it.keeper.look()
  await expect.poll(() => it.held.size).toBe(200)
  const before = it.looks()
  it.changed(acme, 'new')
  await expect.poll(() => it.held.has('new')).toBe(true)
  await settled()
  expect(it.looks() - before).toBe(1)
})

test('a change looks at its publisher alone, however many others are mirrored and have nothing to do', async () => {
  const others = names('p', 1_000).map((id): [PublisherId, string[]] => [id as PublisherId, [`of-${id}`]])
  const it = keeperOver(new Map([...others, [acme, []]]), name => name !== 'of-p0')
  await using _keeper = it.keeper
  it.keeper.look()
  await expect.poll(() => it.held.size).toBe(999)
  await settled()
  const before = it.seen()
  it.changed(acme, 'new')
  await expect.poll(() => it.held.has('new')).toBe(true)
  await settled()
  expect(it.seen() - before).toBeLessThan(10)
})

test('what is due again has its turn also while others keep every place taken', async () => {
  const busy = ['b', 'c'] as PublisherId[]
  const enough = 5_000
  let isThere = false
  const it = keeperOver(new Map([[acme, ['a']], ...busy.map((id): [PublisherId, string[]] => [id, []])]), name => {
    if (name === 'a') return isThere
    // There is always a next one.
    if (it.tried.length < enough) it.changed(name[0] as PublisherId, `${name[0]}${it.tried.length}`)
    return true
  })
  await using _keeper = it.keeper
  it.keeper.look()
  await expect.poll(() => it.tried).toEqual(['a'])
  await settled()
  isThere = true
  for (const id of busy) for (const name of names(`${id}-first`, 3)) it.changed(id, name)
  await it.clock.pass(60_000)
  await expect.poll(() => it.held.has('a')).toBe(true)
  expect(it.tried.lastIndexOf('a')).toBeLessThan(enough / 2)
  await expect.poll(() => it.held.size).toBeGreaterThan(enough)
})

test('a publisher that names thousands of absent artifacts keeps no other waiting', async () => {
  const it = keeperOver(
    new Map([
      [hostile, names('h', 10_000)],
      [acme, names('a', 20)],
    ]),
    name => name.startsWith('a'),
  )
  await using _keeper = it.keeper
  it.keeper.look()
  await expect.poll(() => it.held.size).toBe(20)
  // Fetches take equally long here, so one of each four was for acme: 20 of the first 80.
  expect(it.tried.indexOf('a19')).toBeLessThan(80)
})

test('fetches that never end take at most three of the four places', async () => {
  const never = new Promise<boolean>(() => {})
  const it = keeperOver(
    new Map([
      [hostile, names('h', 10)],
      [acme, names('a', 5)],
    ]),
    name => name.startsWith('a') || never,
  )
  it.keeper.look()
  await expect.poll(() => it.held.size).toBe(5)
  it.changed(acme, 'a-late')
  await expect.poll(() => it.held.has('a-late')).toBe(true)
  expect(it.tried.filter(name => name.startsWith('h'))).toHaveLength(3)
})

test('what nobody has waits twice as long each time, and is tried at once when a peer comes', async () => {
  const it = keeperOver(new Map([[acme, ['a']]]), () => false)
  await using _keeper = it.keeper
  it.keeper.look()
  await settled()
  await it.clock.pass(59_000)
  expect(it.tried).toHaveLength(1)
  it.keeper.look()
  await settled()
  expect(it.tried).toHaveLength(1)
  await it.clock.pass(1_000)
  expect(it.tried).toHaveLength(2)
  await it.clock.pass(119_000)
  expect(it.tried).toHaveLength(2)
  await it.clock.pass(1_000)
  expect(it.tried).toHaveLength(3)
  it.keeper.peerCame()
  await settled()
  expect(it.tried).toHaveLength(4)
})

test('a peer that comes is asked for a few, and for the rest once it has one of them', async () => {
  let isThere = false
  const it = keeperOver(new Map([[acme, names('a', 500)]]), () => isThere)
  await using _keeper = it.keeper
  it.keeper.look()
  await expect.poll(() => it.tried.length).toBe(500)
  await settled()
  it.keeper.peerCame()
  await settled()
  await expect.poll(() => it.tried.length).toBe(532)
  isThere = true
  it.keeper.peerCame()
  await expect.poll(() => it.held.size).toBe(500)
})

test('what is no longer mirrored is not tried again', async () => {
  const it = keeperOver(new Map([[acme, ['a']]]), () => false)
  await using _keeper = it.keeper
  it.keeper.look()
  await expect.poll(() => it.tried.length).toBe(1)
  it.unmirror(acme)
  await it.clock.pass(3_600_000)
  expect(it.tried).toHaveLength(1)
})
