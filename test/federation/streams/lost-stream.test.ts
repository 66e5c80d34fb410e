import { expect, test } from 'vitest'
import { type FederationError, KeptStreams } from '../../../src/federation/index.ts'
import { FrameSender } from '../../../src/federation/streams/frame-sender.ts'
import { encodeEnd, encodeFrame, encodeHello, FRAME, MAX_CREDIT_BYTES } from '../../../src/protocol/index.ts'
import { duplexPair, settled, TestClock } from './duplex-pair.ts'
import { ALICE, allOf, BOB, PROTOCOL, text, twoNodes } from './two-nodes.ts'

const LARGE = new Uint8Array(100_000)

test('whoever waits for room learns that the write failed, also who came before it began', async () => {
  const [mine] = duplexPair()
  mine.open = false
  const sender = new FrameSender(mine, () => {})
  const ends: string[] = []
  const send = (id: number) =>
    void sender.send(FRAME.data, id, LARGE).catch((error: FederationError) => ends.push(error.code))
  for (const id of [1, 2]) send(id)
  await settled()
  for (const id of [3, 4]) send(id)
  await settled()
  mine.abort(new Error('gone'))
  await settled()
  expect(ends).toEqual(Array(4).fill('E_STREAM_CLOSED'))
})

test('a handler whose peer left while its answer was written comes to its end', async () => {
  const ended: boolean[] = []
  const { alice, bob, opened } = twoNodes(async function* ({ signal }) {
    opened[0]!.bob.open = false
    try {
      for (;;) yield LARGE
    } finally {
      ended.push(signal.aborted)
    }
  })
  const answer = allOf(alice.request(BOB, PROTOCOL, text('x'))).catch((error: FederationError) => error.code)
  await settled()
  expect(ended).toEqual([])
  bob.endPeer(ALICE, 'gone')
  await settled()
  expect(ended).toEqual([true])
  expect(await answer).toBe('E_STREAM_CLOSED')
})

test('a request that gets its place in the moment in which the stream ends learns that it did', async () => {
  const [mine, bobs] = duplexPair()
  const offences: string[] = []
  const alice = new KeptStreams({
    clock: new TestClock(),
    openStream: async () => mine,
    onOffence: (_, code) => offences.push(code),
  })
  const ends: string[] = []
  const ask = async () => {
    const whole = { creditBytes: MAX_CREDIT_BYTES, firstByteMs: 0 }
    await allOf(alice.request(BOB, PROTOCOL, text('x'), whole)).then(
      () => ends.push('ok'),
      (error: FederationError) => ends.push(error.code),
    )
  }
  void bobs.send(encodeFrame(FRAME.hello, 0, encodeHello()))
  void ask()
  await settled()
  void ask()
  await settled()
  // The end of the first lets the second in, and an offence follows in the same packet.
  void bobs.send(Buffer.concat([encodeFrame(FRAME.end, 1, encodeEnd('ok')), encodeFrame(FRAME.hello, 0)]))
  await settled()
  expect([ends.toSorted(), offences]).toEqual([['E_PROTOCOL_VIOLATION', 'ok'], ['hello-malformed']])
})

test('a stream that opens only after its peer was ended takes nothing from the one that was opened since', async () => {
  const bob = new KeptStreams({ openStream: () => Promise.reject(new Error('never')), onOffence: () => {} })
  bob.handle(PROTOCOL, async function* ({ signal }) {
    yield text('begun')
    await new Promise(resolve => signal.addEventListener('abort', resolve))
  })
  const opening: PromiseWithResolvers<void>[] = []
  const alice = new KeptStreams({
    clock: new TestClock(),
    openStream: async () => {
      const [mine, bobs] = duplexPair()
      bob.acceptStream(ALICE, PROTOCOL, bobs)
      opening.push(Promise.withResolvers())
      await opening.at(-1)?.promise
      return mine
    },
    onOffence: () => {},
  })
  const ask = () => alice.request(BOB, PROTOCOL, text('x'), { firstByteMs: 0 })
  const late = allOf(ask()).catch((error: FederationError) => error.code)
  alice.endPeer(BOB)
  const answer = ask()
  const first = answer.next()
  opening[1]?.resolve()
  expect((await first).value).toEqual(text('begun'))
  opening[0]?.resolve()
  await settled()
  expect(await late).toBe('E_STREAM_CLOSED')
  expect(alice.isAtWork(BOB, new Set())).toBe(true)
  await alice[Symbol.asyncDispose]()
  await bob[Symbol.asyncDispose]()
})
