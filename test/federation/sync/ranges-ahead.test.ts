import { expect, test } from 'vitest'
import { MAX_RANGES_AHEAD } from '../../../src/federation/sync/limits.ts'
import { RangesAhead } from '../../../src/federation/sync/ranges-ahead.ts'
import { encodeRange, type FeedHead, type PeerId, parseFeedRequest } from '../../../src/protocol/index.ts'
import { forgePublisher } from './forge.ts'

const peer = 'peer' as PeerId
const other = 'other' as PeerId
const { signal } = new AbortController()

/** A client that answers each range with one envelope that names where it starts, and counts what is asked and aborted. */
function clientOf() {
  const asked: string[] = []
  const aborted: string[] = []
  const ahead = new RangesAhead({
    async *request(from, payload, options) {
      const request = parseFeedRequest(payload)
      if (request?.ask !== 'range') throw new TypeError('not a range')
      const name = `${from} ${request.from}`
      asked.push(name)
      options.signal.addEventListener('abort', () => aborted.push(name))
      yield encodeRange([Uint8Array.of(request.from)])
    },
  })
  return { ahead, asked, aborted }
}

const { publisher, feed, genesis, chain } = forgePublisher('acme')
const head: FeedHead = { publisher, feed, seq: 100, id: genesis.id }
const shorter: FeedHead = { ...head, seq: 3, id: chain(1)[0]!.id }

test('what was asked ahead is not asked again', async () => {
  const { ahead, asked } = clientOf()
  ahead.begin({ peer, head, from: 7 })
  expect(await ahead.take({ peer, head, from: 7 }, signal)).toEqual([Uint8Array.of(7)])
  expect(await ahead.take({ peer, head, from: 8 }, signal)).toEqual([Uint8Array.of(8)])
  expect({ asked, size: ahead.size }).toEqual({ asked: ['peer 7', 'peer 8'], size: 0 })
})

test('what was asked ahead and is not taken is dropped with its chain, and nothing else', async () => {
  const { ahead, aborted } = clientOf()
  ahead.begin({ peer, head, from: 7 })
  ahead.begin({ peer: other, head, from: 7 })
  ahead.begin({ peer, head: shorter, from: 2 })
  await new Promise(setImmediate)
  ahead.drop({ peer, head })
  expect({ aborted, size: ahead.size }).toEqual({ aborted: ['peer 7'], size: 2 })
})

test('asks no more ahead than its bound, whatever peers offer', () => {
  const { ahead } = clientOf()
  for (let from = 1; from <= 3 * MAX_RANGES_AHEAD; from++) ahead.begin({ peer, head, from })
  expect(ahead.size).toBe(MAX_RANGES_AHEAD)
})

test('who gives up what was asked ahead ends it', async () => {
  const { ahead, aborted } = clientOf()
  ahead.begin({ peer, head, from: 7 })
  const controller = new AbortController()
  const taking = ahead.take({ peer, head, from: 7 }, controller.signal)
  controller.abort()
  await taking
  expect(aborted).toEqual(['peer 7'])
})

test('a peer that fails ahead of time fails who takes it, and nobody else', async () => {
  const ahead = new RangesAhead({
    // biome-ignore lint/correctness/useYield: it fails before
    async *request() {
      throw new Error('reset')
    },
  })
  ahead.begin({ peer, head, from: 7 })
  await new Promise(setImmediate)
  await expect(ahead.take({ peer, head, from: 7 }, signal)).rejects.toMatchObject({ code: 'E_PEER_FAILED' })
})
