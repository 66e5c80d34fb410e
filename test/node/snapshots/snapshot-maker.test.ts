import { join } from 'node:path'
import { expect, test } from 'vitest'
import { signingKeyOf } from '../../../src/node/identity/ed25519-key.ts'
import { SnapshotMaker, SnapshotShelf } from '../../../src/node/snapshots/index.ts'
import { openSnapshot, type PublisherId, peerIdOfKey } from '../../../src/protocol/index.ts'
import { NET, Publisher } from '../../federation/simulation/cast.ts'
import { TestClock } from '../../federation/streams/duplex-pair.ts'
import { MemoryFeedStore } from '../../federation/sync/memory-feed-store.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const key = signingKeyOf(new Uint8Array(32).fill(7))

test('a block takes the snapshot back at once, also while another is made, and that one is not served', async () => {
  const publishers = [new Publisher('acme'), new Publisher('bolt')].toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const [first, second] = publishers as [Publisher, Publisher]
  const store = new MemoryFeedStore()
  await store.append(publishers.flatMap(each => [each.genesis, each.delegate, ...each.chain(3, null, 'a')]))
  const shelf = new SnapshotShelf(join(await temporaryFolder(), 'snapshots'))
  const blocked = new Set<PublisherId>()
  // While it is set, whoever reads feeds waits for it.
  let gate: Promise<void> = Promise.resolve()
  const clock = new TestClock()
  await using maker = new SnapshotMaker({
    ...{ net: NET, shelf, clock, time: () => 1, mayPack: () => true, maker: peerIdOfKey(key.publicKey) },
    store: {
      heads: async publisher => {
        await gate
        return await store.heads(publisher)
      },
      range: (...args) => store.range(...args),
    },
    publishers: () => publishers.map(({ id }) => id),
    isBlocked: publisher => blocked.has(publisher),
    sign: bytes => key.sign(bytes),
    onFailed: error => expect(error).toBeUndefined(),
  })
  await maker.settled()
  expect(shelf.mayServe()).toBe(true)
  const { promise, resolve: open } = Promise.withResolvers<void>()
  gate = promise
  await clock.pass(6 * 3_600_000)
  expect(shelf.mayServe()).toBe(true)
  blocked.add(second.id)
  maker.revoke()
  expect(shelf.mayServe()).toBe(false)
  open()
  await maker.settled()
  const packs = openSnapshot(shelf.manifest()!, NET).packs
  expect(packs.map(each => [each.first, each.last, each.records])).toEqual([[first.id, first.id, 5]])
})
