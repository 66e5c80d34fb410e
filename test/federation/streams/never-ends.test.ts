import { expect, test } from 'vitest'
import { type FederationError, KeptStreams } from '../../../src/federation/index.ts'
import { MAX_DRAINING_MS, STALL_MS } from '../../../src/federation/streams/limits.ts'
import type { RequestOptions } from '../../../src/federation/streams/request-options.ts'
import { encodeFrame, encodeHello, FRAME, FrameReader, MAX_OPEN_REQUESTS } from '../../../src/protocol/index.ts'
import { duplexPair, settled, TestClock } from './duplex-pair.ts'
import { allOf, BOB, PROTOCOL, text } from './two-nodes.ts'

/** Alice asks a Bob who answers PING, and nothing else but what he is made to say. */
function askMute() {
  const clock = new TestClock()
  let opened = 0
  let say = (_id: number) => {}
  const alice = new KeptStreams({
    clock,
    onOffence: () => {},
    openStream: async () => {
      opened++
      const [mine, bobs] = duplexPair()
      const reader = new FrameReader()
      bobs.onData(bytes => {
        for (const frame of reader.push(bytes))
          if (typeof frame !== 'string' && frame.type === FRAME.ping) void bobs.send(encodeFrame(FRAME.pong, 0))
      })
      void bobs.send(encodeFrame(FRAME.hello, 0, encodeHello()))
      say = id => void bobs.send(encodeFrame(FRAME.data, id, text('late'))).catch(() => {})
      return mine
    },
  })
  const ask = (more: RequestOptions = {}) => {
    const options = { creditBytes: 64 << 10, firstByteMs: 3_000, ...more }
    return allOf(alice.request(BOB, PROTOCOL, text('x'), options)).catch((error: FederationError) => error.code)
  }
  return { clock, ask, say: (id: number) => say(id), opened: () => opened }
}

/** As many requests as there are places, cancelled after a second. */
async function fillWithCancelled({ clock, ask }: ReturnType<typeof askMute>): Promise<void> {
  const stop = new AbortController()
  const cancelled = Array.from({ length: MAX_OPEN_REQUESTS }, () => ask({ signal: stop.signal }))
  await clock.pass(1_000)
  stop.abort(new Error('enough'))
  await Promise.all(cancelled)
  await settled()
}

test('while a peer ends no cancelled request, waiting for a place is waiting for it', async () => {
  const mute = askMute()
  await fillWithCancelled(mute)
  let answer: unknown = 'waits'
  void mute.ask().then(code => {
    answer = code
  })
  await mute.clock.pass(2_900)
  expect(answer).toBe('waits')
  await mute.clock.pass(200)
  expect(answer).toBe('E_FIRST_BYTE_LATE')
})

test('a stream on which a cancelled request is never ended is given up, and another takes its place', async () => {
  const mute = askMute()
  await fillWithCancelled(mute)
  await mute.clock.pass(STALL_MS + 1)
  const answer = mute.ask()
  await mute.clock.pass(3_001)
  expect([await answer, mute.opened()]).toEqual(['E_FIRST_BYTE_LATE', 2])
})

test('while answers come over a slow link, who may queue is told nothing of a cancelled request without END', async () => {
  const mute = askMute()
  await fillWithCancelled(mute)
  let answer: unknown = 'waits'
  void mute.ask({ queuedMs: 60_000 }).then(code => {
    answer = code
  })
  for (let id = 1; id <= 10; id++) {
    mute.say(id)
    await mute.clock.pass(1_000)
  }
  expect(answer).toBe('waits')
  await mute.clock.pass(3_000)
  expect(answer).toBe('E_FIRST_BYTE_LATE')
})

test('over a slow link a cancelled request may be without END while others bring something, but not for ever', async () => {
  const mute = askMute()
  const stop = new AbortController()
  const [cancelled, other] = [mute.ask({ signal: stop.signal }), mute.ask({ minBytesPerSecond: 0 })]
  await settled()
  stop.abort(new Error('enough'))
  await cancelled
  let ended: unknown = 'goes on'
  void other.then(code => {
    ended = code
  })
  const saySeconds = async (seconds: number) => {
    for (let s = 0; s < seconds; s += 5) {
      mute.say(2)
      await mute.clock.pass(5_000)
    }
  }
  await saySeconds(STALL_MS / 1000 + 30)
  expect(ended).toBe('goes on')
  await saySeconds(MAX_DRAINING_MS / 1000)
  expect(ended).toBe('E_STREAM_CLOSED')
})
