import { expect, test } from 'vitest'
import { YAMUX_ASKS } from '../../../src/node/network/limits.ts'
import { boundAsks } from '../../../src/node/network/yamux-asks.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'

const { burst, perSecond } = YAMUX_ASKS

/** A muxer, and what it was had to do. */
function muxer() {
  const clock = new HandClock()
  const done: string[] = []
  const made = {
    handlePing: (_: object) => void done.push('ping'),
    incomingStream: (_: number) => void done.push('stream'),
  }
  boundAsks(made, clock)
  return { clock, done, made }
}

test('what an honest peer asks for is done: a burst of streams, and then some each second', () => {
  const { clock, done, made } = muxer()
  for (let i = 0; i < burst; i++) made.incomingStream(i)
  for (let second = 0; second < 60; second++) {
    clock.pass(1_000)
    for (let i = 1; i < perSecond; i++) made.incomingStream(i)
    made.handlePing({})
  }
  expect(done).toHaveLength(burst + 60 * perSecond)
})

test.each(['handlePing', 'incomingStream'] as const)('one more than that is a fault (%s)', ask => {
  const { done, made } = muxer()
  for (let i = 0; i < burst; i += 2) {
    made.handlePing({})
    made.incomingStream(i)
  }
  expect(() => made[ask](1 as never)).toThrow('too many asks')
  expect(done).toHaveLength(burst)
})
