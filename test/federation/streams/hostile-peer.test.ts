import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeptStreams, type OffenceCode } from '../../../src/federation/index.ts'
import {
  encodeCredit,
  encodeEnd,
  encodeFrame,
  encodeHello,
  encodeRequest,
  FRAME,
  type Frame,
  FrameReader,
} from '../../../src/protocol/index.ts'
import { duplexPair, settled, TestClock } from './duplex-pair.ts'
import { ALICE, allOf, BOB, PROTOCOL, text } from './two-nodes.ts'

const REQUEST = (id: number, credit = 1 << 20) => encodeFrame(FRAME.request, id, encodeRequest(credit, text('x')))
const HELLO = encodeFrame(FRAME.hello, 0, encodeHello())

/** Bob with a raw wire in the hand of a hostile Alice: what he sent back and what he reported. */
async function tellBob(frames: Uint8Array[]) {
  const offences: OffenceCode[] = []
  const clock = new TestClock()
  const bob = new KeptStreams({
    clock,
    openStream: () => Promise.reject(new Error('none')),
    onOffence: (_, code) => {
      offences.push(code)
    },
  })
  bob.handle(PROTOCOL, async function* ({ signal }) {
    while (!signal.aborted) yield new Uint8Array(10_000)
  })
  const [alice, bobs] = duplexPair()
  const reader = new FrameReader()
  const got: Frame[] = []
  let closed = false
  alice.onData(bytes => {
    for (const frame of reader.push(bytes)) if (typeof frame !== 'string') got.push(frame)
  })
  alice.onClose(() => {
    closed = true
  })
  bob.acceptStream(ALICE, PROTOCOL, bobs)
  for (const frame of frames) await alice.send(frame).catch(() => {})
  await settled()
  return { offences, got, isClosed: () => closed, bob }
}

/** Alice asks a hostile Bob who answers her first request with these frames. */
async function askHostile(answer: Uint8Array[]) {
  const offences: OffenceCode[] = []
  const alice = new KeptStreams({
    clock: new TestClock(),
    onOffence: (_, code) => {
      offences.push(code)
    },
    openStream: async () => {
      const [mine, bobs] = duplexPair()
      bobs.onData(() => {})
      setImmediate(() => void bobs.send(Buffer.concat([HELLO, ...answer])).catch(() => {}))
      return mine
    },
  })
  const outcome = await allOf(alice.request(BOB, PROTOCOL, text('x'), { creditBytes: 64 << 10 })).catch(error => error)
  return { offences, outcome }
}

describe('a hostile peer', () => {
  const cases: [OffenceCode, Uint8Array[]][] = [
    ['hello-missing', [REQUEST(1)]],
    ['hello-malformed', [encodeFrame(FRAME.hello, 0, text('hi'))]],
    ['hello-malformed', [HELLO, HELLO]],
    ['frame-too-long', [HELLO, Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0)]],
    ['frame-too-short', [HELLO, Uint8Array.of(0, 0, 0, 4, 1, 0, 0, 0, 0)]],
    ['frame-unknown', [HELLO, encodeFrame(9, 0)]],
    ['frame-unknown', [HELLO, REQUEST(1), encodeFrame(FRAME.data, 1, text('x'))]],
    ['frame-malformed', [HELLO, encodeFrame(FRAME.request, 1, text('abc'))]],
    ['frame-malformed', [HELLO, REQUEST(1), encodeFrame(FRAME.credit, 1, text('abc'))]],
    ['credit-too-large', [HELLO, REQUEST(1), encodeFrame(FRAME.credit, 1, encodeCredit(2 << 20))]],
    ['credit-too-large', [HELLO, REQUEST(1, 5 << 20)]],
    ['credit-too-large', [HELLO, ...[1, 2, 3, 4, 5].map(id => REQUEST(id))]],
    ['credit-too-large', [HELLO, REQUEST(1, 0)]],
    ['request-reused', [HELLO, REQUEST(2), REQUEST(2)]],
    ['request-unknown', [HELLO, encodeFrame(FRAME.cancel, 7)]],
    ['requests-too-many', [HELLO, ...Array.from({ length: 65 }, (_, n) => REQUEST(n + 1, 64 << 10))]],
  ]
  test.each(cases)('is ended for %s', async (code, frames) => {
    const { offences, isClosed } = await tellBob(frames)
    expect(offences).toEqual([code])
    expect(isClosed()).toBe(true)
  })

  const answers: [OffenceCode, Uint8Array[]][] = [
    [
      'credit-exceeded',
      [encodeFrame(FRAME.data, 1, new Uint8Array(65_000)), encodeFrame(FRAME.data, 1, new Uint8Array(65_000))],
    ],
    ['credit-exceeded', Array.from({ length: 257 }, () => encodeFrame(FRAME.data, 1, Uint8Array.of(1)))],
    ['request-unknown', [encodeFrame(FRAME.data, 9, text('x'))]],
    ['request-unknown', [encodeFrame(FRAME.end, 1, encodeEnd('ok')), encodeFrame(FRAME.end, 1, encodeEnd('ok'))]],
    ['frame-malformed', [encodeFrame(FRAME.end, 1, text('ok'))]],
    ['frame-unknown', [REQUEST(1)]],
  ]
  test.each(answers)('that answers with %s is ended', async (code, frames) => {
    const { offences } = await askHostile(frames)
    await settled()
    expect(offences).toEqual([code])
  })

  test('an unknown frame type with bit 7 is skipped, late CANCEL and CREDIT are no offence', async () => {
    const { offences, got } = await tellBob([
      HELLO,
      encodeFrame(0x81, 4, text('later')),
      REQUEST(1),
      encodeFrame(FRAME.cancel, 1),
      encodeFrame(FRAME.cancel, 1),
      encodeFrame(FRAME.credit, 1, encodeCredit(5)),
      encodeFrame(FRAME.ping, 0, text('now')),
    ])
    expect(offences).toEqual([])
    expect(got.map(frame => frame.type)).toContain(FRAME.pong)
    expect(got.filter(frame => frame.type === FRAME.end)).toHaveLength(1)
  })

  test('a peer that is granted nothing more gets exactly its credit', async () => {
    const { got } = await tellBob([HELLO, REQUEST(1)])
    const bytes = got
      .filter(frame => frame.type === FRAME.data)
      .reduce((sum, frame) => sum + frame.payload.byteLength, 0)
    expect(bytes).toBe(1_040_000)
  })

  test('any bytes at all end in an offence, silence or an answer within credit, never in an exception', async () => {
    const frame = fc
      .tuple(fc.integer({ min: 0, max: 255 }), fc.nat(70), fc.uint8Array({ maxLength: 40 }))
      .map(([type, id, payload]) => encodeFrame(type, id, payload))
    const wire = fc.array(
      fc.oneof(
        frame,
        fc.uint8Array({ maxLength: 60 }),
        fc.nat(70).map(id => REQUEST(id)),
      ),
      {
        maxLength: 30,
      },
    )
    await fc.assert(
      fc.asyncProperty(wire, fc.boolean(), async (frames, greet) => {
        const { got, bob } = await tellBob(greet ? [HELLO, ...frames] : frames)
        const granted = 4 << 20
        const sent = got.reduce((sum, { type, payload }) => sum + (type === FRAME.data ? payload.byteLength : 0), 0)
        expect(sent).toBeLessThanOrEqual(granted + 30 * 2 ** 20)
        await bob[Symbol.asyncDispose]()
      }),
      { numRuns: 60 },
    )
  })
})
