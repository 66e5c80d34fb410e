import { expect, test } from 'vitest'
import { DHT_ASKS, DhtTurns } from '../../../src/node/network/dht-turns.ts'
import { LIBP2P_READS, YAMUX_ASKS } from '../../../src/node/network/limits.ts'
import { settled, TestClock } from '../../federation/streams/duplex-pair.ts'

const { signal } = new AbortController()

/** How many requests to a peer went, and how many were told that too many wait. */
function world() {
  const clock = new TestClock()
  const turns = new DhtTurns(clock)
  const seen = { went: 0, refused: 0 }
  const ask = async (peer: string, count: number) => {
    for (let i = 0; i < count; i++)
      turns.turn(peer, signal).then(
        () => seen.went++,
        () => seen.refused++,
      )
    await settled()
  }
  return { clock, seen, ask }
}

test('a peer is asked no more often than it bears, what waits for a second has its turn, and others are asked meanwhile', async () => {
  const { clock, seen, ask } = world()
  await ask('one', DHT_ASKS.burst + DHT_ASKS.perSecond + 20)
  expect(seen).toEqual({ went: DHT_ASKS.burst, refused: 20 })
  await ask('other', 1)
  expect(seen).toEqual({ went: DHT_ASKS.burst + 1, refused: 20 })
  await clock.pass(1_000)
  expect(seen).toEqual({ went: DHT_ASKS.burst + 1 + DHT_ASKS.perSecond, refused: 20 })
})

test('no look-up is more than a peer takes of another', () => {
  const answerBytes = 6_000
  expect(DHT_ASKS.burst).toBeLessThanOrEqual(YAMUX_ASKS.burst / 2)
  expect(DHT_ASKS.perSecond).toBeLessThanOrEqual(YAMUX_ASKS.perSecond / 2)
  expect(DHT_ASKS.burst * answerBytes).toBeLessThanOrEqual(LIBP2P_READS.burst)
  expect(DHT_ASKS.perSecond * answerBytes).toBeLessThanOrEqual(LIBP2P_READS.perSecond)
})
