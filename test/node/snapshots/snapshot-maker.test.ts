import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { signingKeyOf } from '../../../src/node/identity/ed25519-key.ts'
import { SnapshotMaker, type SnapshotMakerParts, SnapshotShelf } from '../../../src/node/snapshots/index.ts'
import { LOOK_EVERY_MS, SNAPSHOT_AGE_MS } from '../../../src/node/snapshots/limits.ts'
import { openSnapshot, type PublisherId, peerIdOfKey } from '../../../src/protocol/index.ts'
import { NET, Publisher } from '../../federation/simulation/cast.ts'
import { TestClock } from '../../federation/streams/duplex-pair.ts'
import { MemoryFeedStore } from '../../federation/sync/memory-feed-store.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const key = signingKeyOf(new Uint8Array(32).fill(7))
const byId = (a: Publisher, b: Publisher) => (a.id < b.id ? -1 : 1)

/** A shelf that says how often a snapshot was put on it, and whether one was served after each reading and writing. */
class CountingShelf extends SnapshotShelf {
  published = 0
  readonly served: boolean[] = []
  whilePublishing = () => {}

  override async load(...args: Parameters<SnapshotShelf['load']>): Promise<number> {
    const publishers = await super.load(...args)
    this.served.push(this.mayServe())
    return publishers
  }

  override async publish(...args: Parameters<SnapshotShelf['publish']>): Promise<void> {
    this.published++
    const published = super.publish(...args)
    this.whilePublishing()
    await published
    this.served.push(this.mayServe())
  }
}

/** A node that holds these publishers and is ready to make snapshots. */
async function holding(names: readonly string[]) {
  const publishers = names.map(name => new Publisher(name)).toSorted(byId)
  const store = new MemoryFeedStore()
  const hold = (each: Publisher) => store.append([each.genesis, each.delegate, ...each.chain(3, null, 'a')])
  for (const each of publishers) await hold(each)
  const folder = join(await temporaryFolder(), 'snapshots')
  const world = {
    ...{ publishers, clock: new TestClock(), blocked: new Set<PublisherId>(), folder },
    shelf: new CountingShelf(folder),
    /** Who reads feeds waits for it. */
    gate: Promise.resolve(),
    requireRoom: async () => {},
    failed: [] as unknown[],
  }
  const parts: SnapshotMakerParts = {
    ...{ net: NET, clock: world.clock, mayPack: () => true, maker: peerIdOfKey(key.publicKey) },
    shelf: world.shelf,
    time: () => 1 + world.clock.now(),
    store: {
      heads: async publisher => {
        await world.gate
        return await store.heads(publisher)
      },
      range: (...args) => store.range(...args),
    },
    publishers: () => world.publishers.map(({ id }) => id),
    isBlocked: publisher => world.blocked.has(publisher),
    sign: bytes => key.sign(bytes),
    requireRoom: () => world.requireRoom(),
    onFailed: error => world.failed.push(error),
  }
  const add = async (name: string) => {
    const publisher = new Publisher(name)
    await hold(publisher)
    world.publishers = [...world.publishers, publisher].toSorted(byId)
  }
  const packed = () =>
    world.shelf.mayServe()
      ? openSnapshot(world.shelf.manifest()!, NET).packs.map(each => [each.first, each.last, each.records])
      : null
  return { world, parts, add, packed, start: (more = {}) => new SnapshotMaker({ ...parts, ...more }) }
}

test('a block takes the snapshot back at once, also while another is made, and that one is not served', async () => {
  const { world, start, packed } = await holding(['acme', 'bolt'])
  const [first, second] = world.publishers as [Publisher, Publisher]
  await using maker = start()
  await maker.settled()
  expect(world.shelf.mayServe()).toBe(true)
  const { promise, resolve: open } = Promise.withResolvers<void>()
  world.gate = promise
  await world.clock.pass(SNAPSHOT_AGE_MS)
  expect(world.shelf.mayServe()).toBe(true)
  world.blocked.add(second.id)
  maker.revoke()
  expect(world.shelf.mayServe()).toBe(false)
  open()
  await maker.settled()
  expect(packed()).toEqual([[first.id, first.id, 5]])
})

test('nothing is not packed: a snapshot is made once something is held, and anew once that has doubled', async () => {
  const { world, start, add, packed } = await holding([])
  await using maker = start()
  const pass = async () => {
    await world.clock.pass(LOOK_EVERY_MS)
    await maker.settled()
  }
  await maker.settled()
  expect([world.shelf.mayServe(), await readdir(world.folder).catch(() => [])]).toEqual([false, []])
  for (const name of ['acme', 'bolt']) await add(name)
  await pass()
  expect(packed()?.map(([, , records]) => records)).toEqual([10])
  await add('crab')
  await pass()
  expect(world.shelf.published).toBe(1)
  await add('dune')
  await pass()
  expect([world.shelf.published, packed()?.map(([, , records]) => records)]).toEqual([2, [20]])
})

test('a snapshot of an earlier run is served until what is held is twice of what is in it', async () => {
  const { world, start, add } = await holding(['acme', 'bolt'])
  await using first = start()
  await first.settled()
  world.shelf = new CountingShelf(world.folder)
  await using second = start({ shelf: world.shelf })
  await world.clock.pass(LOOK_EVERY_MS)
  await second.settled()
  expect([world.shelf.mayServe(), world.shelf.published]).toEqual([true, 0])
  for (const name of ['crab', 'dune']) await add(name)
  await world.clock.pass(LOOK_EVERY_MS)
  await second.settled()
  expect(world.shelf.published).toBe(1)
})

test('many blocks at once cost one snapshot', async () => {
  const { world, start } = await holding(['acme', 'bolt'])
  await using maker = start()
  await maker.settled()
  for (let i = 0; i < 20; i++) maker.revoke()
  await maker.settled()
  expect([world.shelf.published, world.shelf.mayServe()]).toEqual([2, true])
})

test('a snapshot is not served that was being written when it was revoked', async () => {
  const { world, start, packed } = await holding(['acme', 'bolt'])
  const [first, second] = world.publishers as [Publisher, Publisher]
  await using maker = start()
  world.shelf.whilePublishing = () => {
    world.shelf.whilePublishing = () => {}
    world.blocked.add(second.id)
    maker.revoke()
  }
  await maker.settled()
  await maker.settled()
  expect(world.shelf.served).toEqual([false, false, true])
  expect(packed()).toEqual([[first.id, first.id, 5]])
})

test('a snapshot of an earlier run is not served that was being read when it was revoked', async () => {
  const { world, start, packed } = await holding(['acme', 'bolt'])
  {
    await using maker = start()
    await maker.settled()
  }
  world.shelf = new CountingShelf(world.folder)
  await using maker = start({ shelf: world.shelf })
  maker.revoke()
  await maker.settled()
  expect(world.shelf.served).toEqual([false, true])
  expect(packed()?.map(([, , records]) => records)).toEqual([10])
})

test('where the disk has no room none is made, and what is served stays served', async () => {
  const { world, start, add } = await holding(['acme', 'bolt'])
  await using maker = start()
  await maker.settled()
  const files = await readdir(world.folder)
  await add('crab')
  world.requireRoom = async () => {
    throw new Error('E_DISK_FULL')
  }
  await world.clock.pass(SNAPSHOT_AGE_MS)
  await maker.settled()
  expect([world.failed.length, world.shelf.mayServe(), await readdir(world.folder)]).toEqual([1, true, files])
})
