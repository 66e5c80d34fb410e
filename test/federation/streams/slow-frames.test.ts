import { describe, expect, test } from 'vitest'
import { type FederationError, KeptStreams } from '../../../src/federation/index.ts'
import type { RequestOptions } from '../../../src/federation/streams/request-options.ts'
import { encodeEnd, encodeFrame, encodeHello, FRAME, FrameReader } from '../../../src/protocol/index.ts'
import { duplexPair, settled, TestClock } from './duplex-pair.ts'
import { allOf, BOB, PROTOCOL, text } from './two-nodes.ts'

const MIB = 1 << 20

/** Alice asks a Bob whose every byte the test sends. */
async function askByHand() {
  const clock = new TestClock()
  const [mine, bobs] = duplexPair()
  const alice = new KeptStreams({ clock, onOffence: () => {}, openStream: async () => mine })
  void bobs.send(encodeFrame(FRAME.hello, 0, encodeHello()))
  const ask = (options: RequestOptions = {}): Promise<number | string> =>
    allOf(alice.request(BOB, PROTOCOL, text('x'), options)).then(
      parts => parts.reduce((sum, part) => sum + part.byteLength, 0),
      (error: FederationError) => error.code,
    )
  /** A piece each `everyMs`, from then on. */
  const send = (bytes: Uint8Array, piece: number, everyMs: number): void => {
    clock.after(everyMs, () => {
      bobs.send(bytes.subarray(0, piece)).catch(() => {})
      if (bytes.byteLength > piece) send(bytes.subarray(piece), piece, everyMs)
    })
  }
  const end = (id: number) => bobs.send(encodeFrame(FRAME.end, id, encodeEnd('ok')))
  const heard: number[] = []
  const reader = new FrameReader()
  bobs.onData(bytes => {
    for (const frame of reader.push(bytes)) if (typeof frame !== 'string') heard.push(frame.type)
  })
  const pongs = () => heard.filter(type => type === FRAME.pong).length
  return { clock, ask, send, end, pongs }
}

describe('a message that takes long', () => {
  test('has begun with its first byte, and comes as fast as its bytes do', async () => {
    const { clock, ask, send, end } = await askByHand()
    const answer = ask()
    await settled()
    send(encodeFrame(FRAME.data, 1, new Uint8Array(MIB)), 20_000, 1_000)
    await clock.pass(53_000)
    await end(1)
    expect(await answer).toBe(MIB)
  })

  test('is given up when its bytes come by drips', async () => {
    const { clock, ask, send } = await askByHand()
    const answer = ask()
    await settled()
    send(encodeFrame(FRAME.data, 1, new Uint8Array(MIB)), 15_000, 1_000)
    await clock.pass(11_000)
    expect(await Promise.race([answer, 'waits'])).toBe('E_TOO_SLOW')
  })

  test('of which nothing came is waited for as a first byte is', async () => {
    const { clock, ask, send } = await askByHand()
    const answer = ask()
    await settled()
    send(encodeFrame(FRAME.data, 1, new Uint8Array(MIB)).subarray(0, 8), 8, 1)
    await clock.pass(10_000)
    expect(await Promise.race([answer, 'waits'])).toBe('E_FIRST_BYTE_LATE')
  })

  test('keeps an answer behind it waiting, for as long as that may queue', async () => {
    const { clock, ask, send } = await askByHand()
    const [first, patient, hasty] = [ask(), ask({ queuedMs: 30_000 }), ask({})]
    await settled()
    send(encodeFrame(FRAME.data, 1, new Uint8Array(MIB)).subarray(0, 1_000_000), 20_000, 1_000)
    await clock.pass(25_000)
    expect(await Promise.race([hasty, 'waits'])).toBe('E_FIRST_BYTE_LATE')
    expect(await Promise.race([patient, 'waits'])).toBe('waits')
    await clock.pass(16_000)
    expect(await Promise.race([patient, 'waits'])).toBe('E_FIRST_BYTE_LATE')
    expect(await Promise.race([first, 'waits'])).toBe('waits')
    await clock.pass(20_000)
    expect(await first).toBe('E_TOO_SLOW')
  })

  test('of no open request is no sign of an answer', async () => {
    const { clock, ask, send } = await askByHand()
    const answer = ask({ queuedMs: 30_000 })
    await settled()
    send(encodeFrame(FRAME.data, 7, new Uint8Array(MIB)), 20_000, 1_000)
    await clock.pass(12_000)
    expect(await Promise.race([answer, 'waits'])).toBe('E_FIRST_BYTE_LATE')
  })

  test('is said to be read every 10 s, as its writer hears nothing else and has PING waiting behind it', async () => {
    const { clock, ask, send, pongs } = await askByHand()
    const answer = ask()
    await settled()
    send(encodeFrame(FRAME.data, 1, new Uint8Array(MIB)), 40_000, 1_000)
    await clock.pass(10_999)
    expect(pongs()).toBe(0)
    await clock.pass(15_000)
    expect(pongs()).toBe(2)
    await clock.pass(60_000)
    expect(pongs()).toBe(2)
    await answer
  })
})
