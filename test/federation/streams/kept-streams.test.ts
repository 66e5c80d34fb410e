import { describe, expect, test } from 'vitest'
import { FederationError } from '../../../src/federation/index.ts'
import { encodeCredit, encodeFrame, FRAME, MAX_FRAME_BYTES, type PeerId } from '../../../src/protocol/index.ts'
import { settled } from './duplex-pair.ts'
import { ALICE, allOf, BOB, PROTOCOL, text, twoNodes } from './two-nodes.ts'

const MIB = 1 << 20

describe('kept streams', () => {
  test('answers come as the handler yielded them, many requests over one stream', async () => {
    const { alice, opened } = twoNodes(async function* ({ payload, peer }) {
      yield payload
      yield text(peer)
    })
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => allOf(alice.request(BOB, PROTOCOL, text(`n${n}`)))),
    )
    expect(answers.map(answer => answer.map(part => Buffer.from(part).toString()))).toEqual(
      Array.from({ length: 200 }, (_, n) => [`n${n}`, ALICE]),
    )
    expect(opened).toHaveLength(1)
  })

  test('a reader that takes nothing holds at most its credit', async () => {
    let yielded = 0
    const { alice, opened } = twoNodes(async function* () {
      for (let n = 0; n < 100; n++) {
        yielded += 64 << 10
        yield new Uint8Array(64 << 10)
      }
    })
    const answer = alice.request(BOB, PROTOCOL, text('x'), { creditBytes: MIB })[Symbol.asyncIterator]()
    await answer.next()
    await settled()
    expect(opened[0]?.bob.sentBytes).toBeLessThan(MIB + 64 * 20)
    expect(yielded).toBeLessThanOrEqual(MIB + (64 << 10))
    let messages = 1
    while (!(await answer.next()).done) messages++
    expect(messages).toBe(100)
  })

  test('messages of up to a whole frame pass in lock step', async () => {
    const { alice } = twoNodes(async function* () {
      for (let n = 0; n < 5; n++) yield new Uint8Array(MIB + 60_000).fill(n)
    })
    const sizes = (await allOf(alice.request(BOB, PROTOCOL, text('x')))).map(part => part.byteLength)
    expect(sizes).toEqual(Array(5).fill(MIB + 60_000))
    expect(MAX_FRAME_BYTES).toBeGreaterThan(MIB + 60_000)
  })

  test('messages of odd sizes never lock up', async () => {
    const sizes = [1, 300_000, 0, 700_000, 64, 900_000, 149_000, 1_000_000, 1, 1]
    const { alice } = twoNodes(async function* () {
      for (const size of sizes) yield new Uint8Array(size)
    })
    const got = await allOf(alice.request(BOB, PROTOCOL, text('x'), { creditBytes: 1_000_000 }))
    expect(got.map(part => part.byteLength)).toEqual(sizes)
  })

  test('small messages on their own send credit back by quarters when the longest still has room', async () => {
    const news = Promise.withResolvers<void>()
    const { alice, opened } = twoNodes(async function* () {
      for (let n = 0; n < 64; n++) yield new Uint8Array(1_000)
      await news.promise
      yield new Uint8Array(99_000) // the longest
    })
    const options = { creditBytes: 128_000, longestBytes: 99_000, firstByteMs: 0, minBytesPerSecond: 0 }
    const answer = alice.request(BOB, PROTOCOL, text('x'), options)
    let sent = 0
    for (let n = 0; n < 64; n++) {
      await answer.next()
      await settled() // nothing else is on its way
      if (n === 0) sent = opened[0]!.alice.sentBytes
    }
    const frames = (opened[0]!.alice.sentBytes - sent) / encodeFrame(FRAME.credit, 1, encodeCredit(1)).length
    expect(frames).toBeGreaterThan(0)
    expect(frames).toBeLessThan(4)
    news.resolve()
    expect((await answer.next()).value).toHaveLength(99_000)
  })

  test('a message above the credit ends the request, and only that', async () => {
    const { alice } = twoNodes(async function* ({ payload }) {
      yield new Uint8Array(payload.byteLength === 1 ? 100_000 : 10)
    })
    const small = { creditBytes: 64 << 10 }
    await expect(allOf(alice.request(BOB, PROTOCOL, text('x'), small))).rejects.toMatchObject({ code: 'E_TOO_LARGE' })
    expect(await allOf(alice.request(BOB, PROTOCOL, text('xy'), small))).toHaveLength(1)
  })

  test('leaving the loop cancels the handler and frees the place', async () => {
    const stopped: unknown[] = []
    const { alice, offences } = twoNodes(async function* ({ signal }) {
      try {
        for (;;) yield new Uint8Array(100_000)
      } finally {
        stopped.push(signal.aborted)
      }
    })
    for (let n = 0; n < 100; n++) {
      for await (const _ of alice.request(BOB, PROTOCOL, text('x'), { creditBytes: 4 * MIB })) break
    }
    await settled()
    expect(stopped).toHaveLength(100)
    expect(stopped.every(Boolean)).toBe(true)
    expect(offences).toEqual([])
  })

  test('a signal ends a request that waits, with its own reason', async () => {
    const { alice } = twoNodes(async function* ({ signal }) {
      await new Promise(resolve => signal.addEventListener('abort', resolve))
    })
    const stop = new AbortController()
    const answer = allOf(alice.request(BOB, PROTOCOL, text('x'), { signal: stop.signal }))
    await settled()
    stop.abort(new Error('enough'))
    await expect(answer).rejects.toThrow('enough')
  })

  test('a handler error becomes a closed status without its words', async () => {
    const { alice } = twoNodes(async function* ({ payload }) {
      if (payload.byteLength === 1) throw new FederationError('E_NOT_FOUND', 'secret')
      if (payload.byteLength === 2) throw new Error('secret')
      yield payload
    })
    await expect(allOf(alice.request(BOB, PROTOCOL, text('x')))).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
    const failed = allOf(alice.request(BOB, PROTOCOL, text('xy')))
    await expect(failed).rejects.toMatchObject({
      code: 'E_PEER_FAILED',
      message: expect.not.stringContaining('secret'),
    })
  })

  test('a handler that fails as none should is told here, one that refuses or is stopped is not', async () => {
    const failures: unknown[] = []
    const broken = new TypeError('broken')
    const { alice, bob } = twoNodes(
      async function* ({ payload, signal }) {
        if (payload.byteLength === 1) throw broken
        if (payload.byteLength === 2) throw new FederationError('E_REFUSED', 'no')
        yield payload
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        throw new Error('stopped')
      },
      { onFailure: (protocol, error) => failures.push([protocol, error]) },
    )
    for (const payload of ['x', 'xy'])
      await expect(allOf(alice.request(BOB, PROTOCOL, text(payload)))).rejects.toThrow('peer ended the request')
    for await (const _ of alice.request(BOB, PROTOCOL, text('xyz'))) break
    const lost = allOf(alice.request(BOB, PROTOCOL, text('xyz'))).catch(() => {})
    await settled()
    bob.endPeer(ALICE)
    await lost
    await settled()
    expect(failures).toEqual([[PROTOCOL, broken]])
  })

  test('no first byte within its time ends the request', async () => {
    const { alice, clock } = twoNodes(async function* ({ signal }) {
      await new Promise(resolve => signal.addEventListener('abort', resolve))
    })
    const answer = expect(allOf(alice.request(BOB, PROTOCOL, text('x')))).rejects.toMatchObject({
      code: 'E_FIRST_BYTE_LATE',
    })
    await clock.pass(10_001)
    await answer
  })

  test('waiting for a place that own requests fill is not the peer being late, and ends too', async () => {
    const { alice, clock } = twoNodes(async function* ({ payload }) {
      for (let n = 0; n < payload.byteLength; n++) {
        yield new Uint8Array(100_000)
        await new Promise<void>(resolve => clock.after(1_000, resolve))
      }
    })
    const whole = { creditBytes: 4 * MIB }
    const [long, next] = [
      allOf(alice.request(BOB, PROTOCOL, text('twenty seconds of it'), whole)),
      allOf(alice.request(BOB, PROTOCOL, text('x'), whole)),
    ]
    await clock.pass(30_000)
    expect([(await long).length, (await next).length]).toEqual([20, 1])

    const longer = allOf(alice.request(BOB, PROTOCOL, text('x'.repeat(70)), whole))
    const full = expect(allOf(alice.request(BOB, PROTOCOL, text('x'), whole))).rejects.toMatchObject({ code: 'E_BUSY' })
    await clock.pass(80_000)
    await full
    expect(await longer).toHaveLength(70)
  })

  test('an answer below the least speed is cancelled, a slow reader is not', async () => {
    const trickle = twoNodes(async function* ({ signal }) {
      while (!signal.aborted) {
        yield new Uint8Array(100)
        await new Promise<void>(resolve => trickle.clock.after(500, resolve))
      }
    })
    const slow = expect(allOf(trickle.alice.request(BOB, PROTOCOL, text('x')))).rejects.toMatchObject({
      code: 'E_TOO_SLOW',
    })
    await trickle.clock.pass(30_000)
    await slow

    const patient = twoNodes(async function* () {
      for (let n = 0; n < 50; n++) yield new Uint8Array(1000)
    })
    let messages = 0
    for await (const _ of patient.alice.request(BOB, PROTOCOL, text('x'))) {
      messages++
      await patient.clock.pass(1000)
    }
    expect(messages).toBe(50)
  })

  test('a reader that returns no credit is given up by the answering side', async () => {
    const { alice, clock } = twoNodes(async function* () {
      for (;;) yield new Uint8Array(64 << 10)
    })
    const answer = alice.request(BOB, PROTOCOL, text('x'))[Symbol.asyncIterator]()
    await answer.next()
    await clock.pass(61_000)
    const rest = (async () => {
      while (!(await answer.next()).done);
    })()
    await expect(rest).rejects.toMatchObject({ code: 'E_STALLED' })
  })

  test('a peer that falls silent is found by PING', async () => {
    const { alice, clock, opened } = twoNodes(async function* ({ signal }) {
      yield text('first')
      await new Promise(resolve => signal.addEventListener('abort', resolve))
    })
    const answer = alice.request(BOB, PROTOCOL, text('x'), { minBytesPerSecond: 0 })[Symbol.asyncIterator]()
    await answer.next()
    const next = answer.next()
    const silent = expect(next).rejects.toMatchObject({ code: 'E_PEER_SILENT' })
    await clock.pass(120_000)
    for (const stream of opened) stream.bob.open = false
    await clock.pass(60_000)
    await silent
  })

  test('a node that stood still reads first what came meanwhile, and takes nobody for silent', async () => {
    const silent: PeerId[] = []
    const { alice, clock, opened } = twoNodes(
      async function* ({ signal }) {
        yield text('first')
        await new Promise(resolve => signal.addEventListener('abort', resolve))
      },
      { onSilent: peer => silent.push(peer) },
    )
    const stop = new AbortController()
    const options = { minBytesPerSecond: 0, signal: stop.signal }
    const end = allOf(alice.request(BOB, PROTOCOL, text('x'), options)).catch(error => error)
    await settled()
    opened[0]!.bob.open = false
    await clock.pass(21_000)
    clock.stand(30_000)
    await clock.pass(0)
    opened[0]!.bob.open = true
    await clock.pass(60_000)
    stop.abort(new Error('enough'))
    expect(await end).toMatchObject({ message: 'enough' })
    expect(silent).toEqual([])
  })

  test('a peer that is silent on all streams is told, one that is heard on another is not', async () => {
    const silent: PeerId[] = []
    const other = '/hanse/test/other/1'
    const { alice, bob, clock, opened } = twoNodes(
      async function* ({ signal }) {
        yield text('first')
        await new Promise(resolve => signal.addEventListener('abort', resolve))
      },
      { onSilent: peer => silent.push(peer) },
    )
    bob.handle(other, async function* () {
      for (;;) {
        yield text('more')
        await new Promise<void>(resolve => clock.after(10_000, resolve))
      }
    })
    const read = async (protocol: string) => {
      for await (const _ of alice.request(BOB, protocol, text('x'), { minBytesPerSecond: 0 }));
    }
    const ends = [PROTOCOL, other].map(protocol => read(protocol).catch((error: FederationError) => error.code))
    await settled()
    opened[0]!.bob.open = false
    await clock.pass(100_000)
    expect(await ends[0]).toBe('E_PEER_SILENT')
    expect(silent).toEqual([])
    opened[1]!.bob.open = false
    await clock.pass(100_000)
    expect(await ends[1]).toBe('E_PEER_SILENT')
    expect(silent).toEqual([BOB])
  })

  test('a request is followed by PING until its answer ended, less and less often', async () => {
    const sent: number[] = []
    const { alice, clock, opened } = twoNodes(async function* ({ signal }) {
      yield text('first')
      await new Promise(resolve => signal.addEventListener('abort', resolve))
    })
    const stop = new AbortController()
    const options = { signal: stop.signal, probeAfterMs: 25 }
    const answer = allOf(alice.request(BOB, PROTOCOL, text('x'), options)).catch(() => {})
    await settled()
    for (const ms of [25, 75, 225, 50]) {
      const before = opened[0]!.alice.sentBytes
      await clock.pass(ms)
      sent.push(opened[0]!.alice.sentBytes - before)
    }
    stop.abort()
    await answer
    await settled()
    const before = opened[0]!.alice.sentBytes
    await clock.pass(5_000)
    expect(sent).toEqual([9, 9, 9, 0])
    expect(opened[0]!.alice.sentBytes).toBe(before)
  })

  test('a stream that broke is opened again for the next request', async () => {
    const { alice, opened } = twoNodes(async function* ({ payload }) {
      yield payload
    })
    await allOf(alice.request(BOB, PROTOCOL, text('x')))
    opened[0]?.bob.abort(new Error('gone'))
    await settled()
    expect(await allOf(alice.request(BOB, PROTOCOL, text('y')))).toHaveLength(1)
    expect(opened).toHaveLength(2)
  })

  test('nobody answers an unknown protocol, and a peer that cannot be reached says so', async () => {
    const { alice } = twoNodes(async function* () {})
    const { bob } = twoNodes(async function* () {})
    await expect(allOf(bob.request(ALICE, PROTOCOL, text('x')))).rejects.toMatchObject({ code: 'E_PEER_UNREACHABLE' })
    await alice[Symbol.asyncDispose]()
    await expect(allOf(alice.request(BOB, PROTOCOL, text('x')))).rejects.toMatchObject({ code: 'E_CLOSED' })
  })
})
