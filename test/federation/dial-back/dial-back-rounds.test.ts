import { expect, test } from 'vitest'
import { DialBackRounds } from '../../../src/federation/index.ts'
import type { DialBackAnswer, PeerId } from '../../../src/protocol/index.ts'
import { TestClock } from '../streams/duplex-pair.ts'

const HERE = '/ip4/192.0.2.1/tcp/7701'
const YES: DialBackAnswer = { reached: [HERE], failed: [] }
const NO: DialBackAnswer = { reached: [], failed: [HERE] }
const SILENT: DialBackAnswer = { reached: [], failed: [] }
const MINUTE = 60_000

/** What each peer says; null: it cannot. */
function world(said: readonly (DialBackAnswer | null)[]) {
  const clock = new TestClock()
  const state = { said, addresses: [HERE] as readonly string[] }
  const asked: (readonly [peer: string, atMs: number])[] = []
  const rounds = new DialBackRounds({
    peers: () => state.said.map((_, n) => `peer${n}` as PeerId),
    addresses: () => state.addresses,
    ask: async peer => {
      asked.push([peer, clock.now()])
      const answer = state.said[Number(peer.slice(4))]
      if (answer === null || answer === undefined) throw new Error('cannot say')
      return answer
    },
    clock,
    random: () => 0,
  })
  return { clock, state, asked, rounds }
}

test('three are asked soon after the first peer came, and again every hour', async () => {
  const { clock, asked, rounds } = world([YES, YES, YES, YES, YES])
  expect(rounds.reachability.state).toBe('unknown')
  for (let n = 0; n < 5; n++) rounds.connected()
  await clock.pass(MINUTE)
  expect(rounds.reachability).toEqual({ state: 'yes', asked: 3, addresses: [HERE] })
  expect(asked).toHaveLength(3)
  for (let n = 0; n < 5; n++) rounds.connected()
  await clock.pass(59 * MINUTE)
  expect(asked).toHaveLength(3)
  await clock.pass(2 * MINUTE)
  expect(asked).toHaveLength(6)
})

test.each([
  [[YES, NO, NO], 'no', 3],
  [[YES, YES, NO], 'yes', 3],
  [[NO], 'no', 1],
  [[null, null, YES], 'yes', 1],
  [[null, null], 'unknown', 0],
  [[SILENT], 'unknown', 0],
] as const)('%j makes %s', async (said, state, asked) => {
  const it = world(said)
  it.rounds.connected()
  await it.clock.pass(MINUTE)
  expect(it.rounds.reachability).toMatchObject({ state, asked })
})

test('as long as nobody can say, a few are asked every minute', async () => {
  const { clock, asked, rounds, state } = world(Array<null>(20).fill(null))
  rounds.connected()
  await clock.pass(10 * MINUTE)
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.length).toBeLessThanOrEqual(8 * 10)
  state.said = [YES]
  await clock.pass(2 * MINUTE)
  expect(rounds.reachability.state).toBe('yes')
})

test('new addresses are asked about, and what was known of the old ones is forgotten', async () => {
  const { clock, asked, rounds, state } = world([YES])
  rounds.connected()
  await clock.pass(MINUTE)
  state.addresses = ['/ip4/192.0.2.2/tcp/7701']
  state.said = [NO]
  rounds.addressesChanged()
  expect(rounds.reachability.state).toBe('unknown')
  await clock.pass(MINUTE)
  expect(rounds.reachability.state).toBe('no')
  expect(asked).toHaveLength(2)
})

test('a node that listens nowhere, or is closed, asks nobody', async () => {
  const { clock, asked, rounds, state } = world([YES])
  state.addresses = []
  rounds.connected()
  await clock.pass(MINUTE)
  state.addresses = [HERE]
  rounds[Symbol.dispose]()
  rounds.addressesChanged()
  await clock.pass(120 * MINUTE)
  expect(asked).toEqual([])
})
