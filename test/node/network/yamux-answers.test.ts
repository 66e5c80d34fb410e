import { expect, test } from 'vitest'
import { YAMUX_ANSWERS } from '../../../src/node/network/limits.ts'
import { boundAnswers } from '../../../src/node/network/yamux-answers.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'

const { burst, perSecond } = YAMUX_ANSWERS

/** A muxer with one place for streams, and what it was had to do. */
function muxer() {
  const clock = new HandClock()
  const done: string[] = []
  const made = {
    ...{ numInboundStreams: 0, maxInboundStreams: 1 },
    handlePing: (_: object) => void done.push('ping'),
    incomingStream: (_: number) => void done.push('stream'),
  }
  boundAnswers(made, clock)
  return { clock, done, made }
}

test('what an honest peer asks for is answered: a ping now and then, and a burst of streams above those it may have', () => {
  const { clock, done, made } = muxer()
  made.numInboundStreams = 1
  for (let i = 0; i < burst; i++) made.incomingStream(i)
  for (let second = 0; second < 60; second++) {
    clock.pass(1_000)
    for (let i = 0; i < perSecond; i++) made.handlePing({})
  }
  expect(done).toHaveLength(burst + 60 * perSecond)
})

test('one answer more than that is a fault, whichever it is', () => {
  for (const ask of ['handlePing', 'incomingStream'] as const) {
    const { done, made } = muxer()
    made.numInboundStreams = 1
    for (let i = 0; i < burst; i++) made.handlePing({})
    expect(() => made[ask](1 as never)).toThrow('more to answer')
    expect(done).toHaveLength(burst)
  }
})

test('streams that it may have cost a peer nothing of it', () => {
  const { done, made } = muxer()
  for (let i = 0; i <= burst; i++) made.incomingStream(i)
  made.handlePing({})
  expect(done).toHaveLength(burst + 2)
})
