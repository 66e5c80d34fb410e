import { expect, test } from 'vitest'
import { LIST_TIMEOUT_MS, LISTS_AT_ONCE } from '../../../src/node/unknown/limits.ts'
import { PublisherLists } from '../../../src/node/unknown/publisher-lists.ts'
import { encodePublishers, HEADS_SINCE_FEATURE, type PeerId, type PublisherId } from '../../../src/protocol/index.ts'
import { TestClock } from '../../federation/streams/duplex-pair.ts'

const publisher = `bafyrei${'a'.repeat(52)}` as PublisherId
const silentPeers = (count: number) => Array.from({ length: count }, (_, i) => `silent${i}` as PeerId)

/** Lists of peers that stay silent and one that tells; the connected ones may leave. */
function listsOf(silent: readonly PeerId[]) {
  const clock = new TestClock()
  const world = { clock, connected: [...silent, 'honest' as PeerId], heard: [] as PublisherId[], asked: [] as PeerId[] }
  const lists = new PublisherLists({
    client: {
      async *request(peer, _payload, { signal }) {
        world.asked.push(peer)
        if (silent.includes(peer))
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        yield encodePublishers([publisher])
      },
      features: async () => new Set([HEADS_SINCE_FEATURE]),
    },
    clock,
    isOn: () => true,
    connectedPeers: () => world.connected,
    heard: ids => world.heard.push(...ids),
  })
  return { lists, world }
}

test('a few peers that do not end their lists hold up nobody', async () => {
  const { lists, world } = listsOf(silentPeers(LISTS_AT_ONCE - 1))
  await using _ = lists
  lists.readAll()
  await world.clock.pass(1)
  expect(world.heard).toEqual([publisher])
})

test('as many as are read side by side hold up the others for a minute, no longer', async () => {
  const { lists, world } = listsOf(silentPeers(LISTS_AT_ONCE))
  await using _ = lists
  lists.readAll()
  await world.clock.pass(LIST_TIMEOUT_MS - 1)
  expect(world.heard).toEqual([])
  await world.clock.pass(1)
  expect(world.heard).toEqual([publisher])
})

test('who left while it waited is not asked, and who comes again while it is read has no second place', async () => {
  const silent = silentPeers(40)
  const { lists, world } = listsOf(silent)
  await using _ = lists
  lists.readAll()
  for (let i = 0; i < LISTS_AT_ONCE; i++) lists.read(silent[i]!)
  await world.clock.pass(1)
  expect(world.asked).toEqual(silent.slice(0, LISTS_AT_ONCE))
  world.connected = ['honest' as PeerId]
  await world.clock.pass(LIST_TIMEOUT_MS)
  expect(new Set(world.asked.slice(LISTS_AT_ONCE))).toEqual(new Set(['honest']))
  expect(world.heard).toEqual([publisher])
})
