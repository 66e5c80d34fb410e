import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Allowance,
  CONTENT_ALLOWANCE,
  FEED_ALLOWANCE,
  PeerBudgets,
  type RequestOptions,
  SEARCH_ALLOWANCE,
} from '../../../src/federation/index.ts'
import { MAX_BUDGETS } from '../../../src/federation/streams/limits.ts'
import { creditCostOf, FRAME, FrameReader, type PeerId } from '../../../src/protocol/index.ts'
import { TestClock } from './duplex-pair.ts'
import { ALICE, allOf, BOB, PROTOCOL, text, twoNodes } from './two-nodes.ts'

const OTHER = '/hanse/test/other/1'
const ALLOWANCE: Allowance = {
  requests: { burst: 4, perSecond: 2 },
  bytes: { burst: 10_000, perSecond: 1_000 },
  maxWaitMs: 1_000,
}

function budgetsAt(clock: TestClock, over: string[] = []) {
  const allowances = { [PROTOCOL]: ALLOWANCE, [OTHER]: ALLOWANCE }
  return new PeerBudgets({ clock, allowances, onOver: how => over.push(how) })
}

const ask = (budgets: PeerBudgets, peer: PeerId, times: number, protocol = PROTOCOL) =>
  Array.from({ length: times }, () => budgets.chargeRequest(peer, protocol, 1))

describe('the budget of a peer', () => {
  test('lets a burst pass, then paces, then says busy, which costs the peer nothing more', async () => {
    const [clock, over] = [new TestClock(), [] as string[]]
    const budgets = budgetsAt(clock, over)
    expect(ask(budgets, ALICE, 8)).toEqual([0, 0, 0, 0, 500, 1_000, 'busy', 'busy'])
    expect(over).toEqual(['paced', 'paced', 'busy', 'busy'])
    await clock.pass(500)
    expect(ask(budgets, ALICE, 2)).toEqual([1_000, 'busy'])
  })

  test('of searches is busy for a peer that asks too often, not for others, and not for ever', async () => {
    const clock = new TestClock()
    const budgets = new PeerBudgets({ clock, allowances: { [PROTOCOL]: SEARCH_ALLOWANCE } })
    expect(ask(budgets, ALICE, 21)).toEqual([...Array(20).fill(0), 'busy'])
    expect(ask(budgets, BOB, 1)).toEqual([0])
    await clock.pass(1_000)
    expect(ask(budgets, ALICE, 6)).toEqual([0, 0, 0, 0, 0, 'busy'])
  })

  test('is one for each protocol, and nobody else pays', () => {
    const budgets = budgetsAt(new TestClock())
    expect(ask(budgets, ALICE, 7).at(-1)).toBe('busy')
    expect(ask(budgets, ALICE, 4, OTHER)).toEqual([0, 0, 0, 0])
    expect(ask(budgets, BOB, 4)).toEqual([0, 0, 0, 0])
    expect(budgets.chargeBytes(ALICE, PROTOCOL, 10_000)).toBe(0)
    expect(budgets.chargeBytes(ALICE, PROTOCOL, 500)).toBe(500)
    expect(budgets.chargeBytes(BOB, PROTOCOL, 10_000)).toBe(0)
  })

  test('is the same whatever other peers do, over any schedule', async () => {
    const peers = [ALICE, BOB, 'carol' as PeerId]
    const step = fc.record({ gapMs: fc.nat(900), who: fc.nat(2), bytes: fc.nat(9_000) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.nat(2), async (steps, only) => {
        const clock = new TestClock()
        const [crowded, alone] = [budgetsAt(clock), budgetsAt(clock)]
        for (const { gapMs, who, bytes } of steps) {
          if (gapMs > 600) await clock.pass(gapMs)
          const peer = peers[who]!
          const got = [crowded.chargeRequest(peer, PROTOCOL, bytes), crowded.chargeBytes(peer, PROTOCOL, bytes)]
          if (who !== only) continue
          expect(got).toEqual([alone.chargeRequest(peer, PROTOCOL, bytes), alone.chargeBytes(peer, PROTOCOL, bytes)])
        }
      }),
      { numRuns: 40 },
    )
  })

  test('counts a request that names many things as many', () => {
    const budgets = budgetsAt(new TestClock())
    expect(budgets.chargeRequest(ALICE, PROTOCOL, 256 * 3)).toBe(0)
    expect(ask(budgets, ALICE, 1)).toEqual([500])
  })

  test('gives no new work before the bytes of the old are paid', async () => {
    const clock = new TestClock()
    const budgets = budgetsAt(clock)
    expect(budgets.chargeBytes(ALICE, PROTOCOL, 12_000)).toBe(2_000)
    expect(ask(budgets, ALICE, 1)).toEqual(['busy'])
    await clock.pass(1_500)
    expect(ask(budgets, ALICE, 2)).toEqual([500, 500])
    await clock.pass(500)
    expect(ask(budgets, ALICE, 1)).toEqual([0])
  })

  test('outlives any number of other identities; those share one budget while too many are in use', async () => {
    const clock = new TestClock()
    const budgets = budgetsAt(clock)
    ask(budgets, ALICE, 6)
    for (let n = 1; n < MAX_BUDGETS; n++) budgets.chargeBytes(`sybil ${n}` as PeerId, PROTOCOL, 1_000_000)
    for (let n = 0; n < 3; n++) expect(ask(budgets, `late ${n}` as PeerId, 1)).toEqual([0])
    expect(ask(budgets, ALICE, 1)).toEqual(['busy'])
    expect(ask(budgets, BOB, 2)).toEqual([0, 500])
    await clock.pass(1_000_000)
    expect(ask(budgets, ALICE, 4)).toEqual([0, 0, 0, 0])
  })

  test('is forgotten once it is full, so that any number of peers over time have their own', async () => {
    const clock = new TestClock()
    const budgets = budgetsAt(clock)
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < MAX_BUDGETS; n++) {
        expect(ask(budgets, `${round} ${n}` as PeerId, 1)).toEqual([0])
      }
      await clock.pass(60_000)
    }
    expect(ask(budgets, ALICE, 4)).toEqual([0, 0, 0, 0])
    expect(ask(budgets, BOB, 4)).toEqual([0, 0, 0, 0])
  })
})

/** What the tests of slow rates ask with: no bound of the asking side's own. */
const PATIENT = { firstByteMs: 0, minBytesPerSecond: 0 }

/** Bob answers each request with what its text says: so many messages of so many bytes. */
function pacedNodes(allowance: Partial<Allowance> = {}) {
  const clock = new TestClock()
  const started: number[] = []
  const sent: { atMs: number; bytes: number }[] = []
  const budget = new PeerBudgets({ clock, allowances: { [PROTOCOL]: { ...ALLOWANCE, ...allowance } } })
  const nodes = twoNodes(
    async function* ({ payload, signal }) {
      started.push(clock.now())
      const [messages, bytes] = JSON.parse(Buffer.from(payload).toString()) as [number, number]
      for (let n = 0; n < messages; n++) yield new Uint8Array(bytes)
      if (messages === 0) await new Promise(resolve => signal.addEventListener('abort', resolve))
    },
    { budget, clock, onSent: bytes => sent.push(...dataOf(bytes).map(cost => ({ atMs: clock.now(), bytes: cost }))) },
  )
  const asks = (messages: number, bytes: number, bounds: RequestOptions = PATIENT) =>
    nodes.alice.request(BOB, PROTOCOL, text(`[${messages},${bytes}]`), bounds)
  return { ...nodes, started, sent, asks }
}

/** Credit cost of the DATA among these bytes. */
function dataOf(bytes: Uint8Array): number[] {
  const frames = [...new FrameReader().push(bytes)].filter(frame => typeof frame !== 'string')
  return frames.filter(({ type }) => type === FRAME.data).map(({ payload }) => creditCostOf(payload.byteLength))
}

/** Between any two sends, both counted, no more than the burst and what the time between them brings. */
function expectAtMost(sent: readonly { atMs: number; bytes: number }[], { burst, perSecond }: Allowance['bytes']) {
  for (const [i, { atMs: from }] of sent.entries()) {
    let sum = 0
    for (const { atMs, bytes } of sent.slice(i)) {
      sum += bytes
      // A wait is rounded up to a millisecond, so the time between two sends may be one shorter.
      expect(sum).toBeLessThanOrEqual(burst + (perSecond * (atMs - from + 1)) / 1000)
    }
  }
}

describe('a stream within a budget', () => {
  test('starts paced requests in their turn and ends what would wait too long as busy', async () => {
    const { asks, clock, started } = pacedNodes()
    const outcomes = Array.from({ length: 7 }, () => allOf(asks(1, 1)).catch(error => error.code))
    await clock.pass(2_000)
    expect((await Promise.all(outcomes)).map(outcome => (typeof outcome === 'string' ? outcome : 'ok'))).toEqual([
      ...Array(6).fill('ok'),
      'E_BUSY',
    ])
    expect(started).toEqual([0, 0, 0, 0, 500, 1_000])
  })

  test('sends a long answer at its rate, and an asker with its usual bounds waits for it', async () => {
    const { alice, clock, sent } = pacedNodes({ bytes: { burst: 100_000, perSecond: 50_000 } })
    const answer = allOf(alice.request(BOB, PROTOCOL, text('[50,10000]')))
    const sentSoFar = () => sent.reduce((sum, { bytes }) => sum + bytes, 0)
    await clock.pass(0)
    expect(sentSoFar()).toBe(100_000)
    for (let second = 1; second <= 8; second++) {
      await clock.pass(1_000)
      expect(sentSoFar()).toBe(100_000 + 50_000 * second)
    }
    expect(await answer).toHaveLength(50)
  })

  test('over any schedule of requests, cancels and new streams, sends at most burst + rate * time', async () => {
    const step = fc.record({
      gapMs: fc.constantFrom(0, 0, 40, 700, 5_000),
      messages: fc.integer({ min: 1, max: 6 }),
      bytes: fc.integer({ min: 1, max: 9_000 }),
      next: fc.constantFrom('wait', 'wait', 'cancel', 'reconnect'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async steps => {
        const { asks, clock, opened, sent } = pacedNodes({ requests: { burst: 100, perSecond: 100 } })
        for (const { gapMs, messages, bytes, next } of steps) {
          await clock.pass(gapMs)
          const stop = new AbortController()
          void allOf(asks(messages, bytes, { ...PATIENT, signal: stop.signal })).catch(() => {})
          await clock.pass(0)
          if (next === 'cancel') stop.abort()
          if (next === 'reconnect') opened.at(-1)?.alice.abort(new Error('gone'))
        }
        await clock.pass(200_000)
        expectAtMost(sent, ALLOWANCE.bytes)
      }),
      { numRuns: 40 },
    )
  })

  test('a new stream finds the debt of the old one', async () => {
    const { asks, clock, opened, sent } = pacedNodes()
    const first = allOf(asks(1, 9_000))
    await clock.pass(0)
    await first
    const cut = allOf(asks(1, 9_000)).catch(error => error.code)
    await clock.pass(0)
    opened[0]?.bob.abort(new Error('gone'))
    expect(await cut).toBe('E_STREAM_CLOSED')
    await expect(allOf(asks(1, 1_000))).rejects.toMatchObject({ code: 'E_BUSY' })
    await clock.pass(7_000)
    const again = allOf(asks(1, 1_000))
    await clock.pass(3_000)
    expect(await again).toHaveLength(1)
    expect(opened).toHaveLength(2)
    expect(sent).toEqual([
      { atMs: 0, bytes: 9_000 },
      { atMs: 9_000, bytes: 1_000 },
    ])
  })

  test('an answer that waits for its budget stops when it is cancelled', async () => {
    const { asks, clock, sent } = pacedNodes()
    const stop = new AbortController()
    const answer = allOf(asks(2, 9_000, { ...PATIENT, signal: stop.signal })).catch(error => error.name)
    await clock.pass(1_000)
    stop.abort()
    expect(await answer).toBe('AbortError')
    await clock.pass(20_000)
    expect(sent).toEqual([{ atMs: 0, bytes: 9_000 }])
  })

  test('what a peer asked for with too little credit is charged as well', async () => {
    const { alice, asks, clock, sent } = pacedNodes({ bytes: { burst: 100_000, perSecond: 10_000 } })
    const small = { creditBytes: 64 << 10 }
    await expect(allOf(alice.request(BOB, PROTOCOL, text('[1,100000]'), small))).rejects.toMatchObject({
      code: 'E_TOO_LARGE',
    })
    const next = allOf(asks(1, 10_000))
    await clock.pass(2_000)
    await next
    expect(sent).toEqual([{ atMs: 1_000, bytes: 10_000 }])
  })

  test('a subscription is one request, however long it is open', async () => {
    const { asks, clock, started } = pacedNodes()
    const stop = new AbortController()
    const subscription = allOf(asks(0, 0, { ...PATIENT, signal: stop.signal })).catch(error => error.name)
    await clock.pass(3_600_000)
    const answers = Array.from({ length: 4 }, () => allOf(asks(1, 1)))
    await clock.pass(0)
    expect(await Promise.all(answers)).toHaveLength(4)
    expect(started).toEqual([0, ...Array(4).fill(3_600_000)])
    stop.abort()
    expect(await subscription).toBe('AbortError')
  })
})

describe('the budgets of a node', () => {
  /** 64 askers at once, each asking again as soon as it is answered: as fast as the protocol lets anyone ask. */
  test.each([
    ['feed', FEED_ALLOWANCE, 3_000, 96],
    ['content', CONTENT_ALLOWANCE, 6_000, 384],
  ])('pace an honest peer at full speed over %s and fail nothing', async (_, allowance, small, big) => {
    const { alice, clock, sent } = pacedNodes(allowance)
    const asks = [...Array(big).fill('[1,1000000]'), ...Array(small).fill('[1,300]')].values()
    let answered = 0
    const asker = async () => {
      for (const request of asks) for await (const _message of alice.request(BOB, PROTOCOL, text(request))) answered++
    }
    const all = Promise.all(Array.from({ length: 64 }, asker))
    let isOver = false
    void all.finally(() => {
      isOver = true
    })
    while (!isOver) await clock.pass(100)
    await all
    expect(answered).toBe(small + big)
    expect(sent.at(-1)!.atMs).toBeGreaterThan(0)
    expectAtMost(
      sent.filter(({ bytes }) => bytes > 300),
      allowance.bytes,
    )
  })
})
