import { expect, test } from 'vitest'
import { MAX_RANGES_AHEAD } from '../../../src/federation/sync/limits.ts'
import { RangesAhead } from '../../../src/federation/sync/ranges-ahead.ts'
import { rangeVerifier } from '../../../src/federation/sync/verify-range.ts'
import {
  encodeRange,
  type FeedHead,
  MAX_FEED_RANGE_BYTES,
  type PeerId,
  parseFeedRequest,
  RANGE_ENOUGH_FEATURE,
  verifySignaturesOnPool,
} from '../../../src/protocol/index.ts'
import { forgePublisher } from './forge.ts'

const peer = 'peer' as PeerId
const other = 'other' as PeerId
const { signal } = new AbortController()
const { publisher, feed, chain } = forgePublisher('acme')
const records = chain(40)
const headAt = (seq: number): FeedHead => ({ publisher, feed, seq, id: records[seq - 1]!.id })
const placeOf = (from: number, head = headAt(9), who = peer) => ({
  peer: who,
  head,
  from,
  pinned: false,
  enoughBytes: MAX_FEED_RANGE_BYTES,
})

/** Peers that give two records a part as `envelopeOf` has them; counts what is asked and aborted, and who lied. */
function peersWith(envelopeOf = (seq: number) => records[seq - 1]!.envelope) {
  const asked: string[] = []
  const askedBytes: (number | undefined)[] = []
  const aborted: string[] = []
  const lied: PeerId[] = []
  const ahead = new RangesAhead({
    client: {
      async *request(from, payload, options) {
        const request = parseFeedRequest(payload)
        if (request?.ask !== 'range') throw new TypeError('not a range')
        const name = `${from} ${request.from}`
        asked.push(name)
        askedBytes.push(request.enoughBytes)
        options.signal.addEventListener('abort', () => aborted.push(name))
        yield encodeRange([request.from, request.from + 1].map(envelopeOf))
      },
      features: async () => new Set([RANGE_ENOUGH_FEATURE]),
    },
    verify: rangeVerifier({ net: 'main', verifySignatures: verifySignaturesOnPool }),
    onLie: liar => lied.push(liar),
  })
  return { ahead, asked, askedBytes, aborted, lied }
}

/** Until nothing is on its way: what is left is judged after it is read. */
async function quiet(ahead: RangesAhead): Promise<void> {
  while (ahead.size > 0) await new Promise(setImmediate)
}

test('the next part is asked for as soon as one is here, and not again when it is taken', async () => {
  const { ahead, asked } = peersWith()
  for (const from of [1, 3, 5]) {
    const read = await ahead.take(placeOf(from), signal)
    expect(read).toMatchObject({ is: 'records', records: [{ seq: from }, { seq: from + 1 }] })
  }
  expect(asked).toEqual(['peer 1', 'peer 3', 'peer 5', 'peer 7'])
  expect(ahead.size).toBe(1)
})

test('the next part is of as many bytes as may be once one is here, and where none may be it is not asked for', async () => {
  const { ahead, askedBytes } = peersWith()
  await ahead.take({ ...placeOf(1), enoughBytes: 1_000 }, signal, () => 2_000)
  await ahead.take({ ...placeOf(3), enoughBytes: 2_000 }, signal, () => 0)
  expect(askedBytes).toEqual([1_000, 2_000])
})

test('behind the head nothing is asked for', async () => {
  const { ahead, asked } = peersWith()
  await ahead.take(placeOf(1, headAt(2)), signal)
  expect(asked).toEqual(['peer 1'])
})

test('what came ahead and nobody takes is judged: a lie is told of, the truth and other chains are not', async () => {
  const spoilt = records[3]!.envelope.with(-1, records[3]!.envelope.at(-1)! ^ 1)
  const { ahead, lied } = peersWith(seq => (seq === 4 ? spoilt : records[seq - 1]!.envelope))
  ahead.begin(placeOf(3))
  ahead.begin(placeOf(5, headAt(30)))
  ahead.leave({ peer, head: headAt(9) }, 3)
  ahead.leave({ peer: other, head: headAt(9) })
  expect(ahead.size).toBe(2)
  await new Promise(setImmediate)
  expect(lied).toEqual([])
  ahead.leave({ peer, head: headAt(9) })
  ahead.leave({ peer, head: headAt(30) })
  await quiet(ahead)
  expect(lied).toEqual([peer])
})

test('asks no more ahead than its bound, whatever peers offer, those counted that nobody takes', () => {
  const { ahead, asked } = peersWith()
  const peers = Array.from({ length: MAX_RANGES_AHEAD }, (_, i) => `peer${i}` as PeerId)
  for (const each of peers) for (let from = 1; from < 9; from++) ahead.begin(placeOf(from, headAt(40), each))
  expect(ahead.size).toBe(MAX_RANGES_AHEAD)
  for (const each of peers) ahead.leave({ peer: each, head: headAt(40) })
  ahead.begin(placeOf(20, headAt(40)))
  expect([ahead.size, asked.length]).toEqual([MAX_RANGES_AHEAD, MAX_RANGES_AHEAD])
})

test('of a peer that is gone nothing is waited for or held against it', async () => {
  const { ahead, aborted, lied } = peersWith(() => Uint8Array.of(1))
  ahead.begin(placeOf(1))
  ahead.begin(placeOf(3))
  ahead.leave({ peer, head: headAt(9) }, 3)
  ahead.begin(placeOf(1, headAt(9), other))
  ahead.drop(peer)
  expect(aborted.toSorted()).toEqual(['peer 1', 'peer 3'])
  ahead.leave({ peer: other, head: headAt(9) })
  await quiet(ahead)
  expect(lied).toEqual([other])
})

test('who gives up what was asked ahead ends it, and nothing after it is asked for', async () => {
  const { ahead, asked, aborted } = peersWith()
  ahead.begin(placeOf(7))
  const controller = new AbortController()
  const taking = ahead.take(placeOf(7), controller.signal)
  controller.abort()
  await taking.catch(() => {})
  expect(aborted).toEqual(['peer 7'])
  expect(asked).toEqual(['peer 7'])
})

test('a peer that answers nothing leaves places to others', () => {
  const { ahead, asked } = peersWith()
  for (let from = 1; from <= 3 * MAX_RANGES_AHEAD; from++) ahead.begin(placeOf(from, headAt(40)))
  ahead.leave({ peer, head: headAt(40) })
  for (let from = 1; from <= MAX_RANGES_AHEAD; from++) ahead.begin(placeOf(from, headAt(40)))
  ahead.begin(placeOf(1, headAt(40), other))
  expect(asked).toContain('other 1')
})

test('a peer that fails ahead of time fails who takes it, and nobody else', async () => {
  const ahead = new RangesAhead({
    client: {
      // biome-ignore lint/correctness/useYield: it fails before
      async *request() {
        throw new Error('reset')
      },
    },
    verify: rangeVerifier({ net: 'main', verifySignatures: verifySignaturesOnPool }),
    onLie: () => expect.unreachable(),
  })
  ahead.begin(placeOf(7))
  ahead.begin(placeOf(1))
  await new Promise(setImmediate)
  await expect(ahead.take(placeOf(7), signal)).rejects.toMatchObject({ code: 'E_PEER_FAILED' })
  ahead.leave({ peer, head: headAt(9) })
  await quiet(ahead)
})
