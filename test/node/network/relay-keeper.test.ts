import { expect, test } from 'vitest'
import { FIRST_RETRY_MS, LAST_RETRY_MS, LOOK_MS } from '../../../src/node/network/relay/limits.ts'
import { RelayKeeper } from '../../../src/node/network/relay/relay-keeper.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { TestClock } from '../../federation/streams/duplex-pair.ts'

function world(names: readonly string[]) {
  const clock = new TestClock()
  const reserved = new Set<PeerId>()
  const dead = new Set<string>()
  const asked: (readonly [name: string, atMs: number])[] = []
  const keeper = new RelayKeeper({
    isReserved: relay => reserved.has(relay),
    reserve: async ({ peer }) => {
      asked.push([peer, clock.now()])
      if (dead.has(peer)) throw new Error('gone')
      reserved.add(peer)
    },
    candidates: () => names.map(name => ({ peer: name as PeerId, addresses: [] })),
    clock,
  })
  const pass = (ms: number) => clock.pass(ms)
  return { clock, reserved, dead, asked, keeper, pass }
}

test('two relays are asked, and not a third', async () => {
  const { keeper, asked, pass } = world(['a', 'b', 'c'])
  await keeper.look()
  await pass(600_000)
  expect(asked.map(([name]) => name)).toEqual(['a', 'b'])
})

test('a lost reservation is asked for again, and another relay takes its place meanwhile', async () => {
  const { keeper, asked, pass, reserved, dead } = world(['a', 'b', 'c'])
  await keeper.look()
  reserved.delete('a' as PeerId)
  dead.add('a')
  await pass(LOOK_MS)
  expect([...reserved]).toEqual(['b', 'c'])
  expect(asked.map(([name]) => name)).toEqual(['a', 'b', 'a', 'c'])
})

test('a relay that refuses is asked later and later', async () => {
  const { keeper, asked, pass, dead } = world(['a'])
  dead.add('a')
  await keeper.look()
  await pass(3_600_000)
  const waits = asked.slice(1).map(([, at], n) => at - asked[n]![1])
  expect(waits[0]).toBe(FIRST_RETRY_MS)
  expect(waits.at(-1)).toBe(LAST_RETRY_MS)
  expect(waits).toEqual(waits.toSorted((a, b) => a - b))
})

test('nothing is asked once it is closed', async () => {
  const { keeper, asked, clock, reserved } = world(['a'])
  await keeper.look()
  keeper[Symbol.dispose]()
  reserved.clear()
  await clock.pass(LOOK_MS)
  expect(asked).toHaveLength(1)
})
