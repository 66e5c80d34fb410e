import { expect, test } from 'vitest'
import { HeadRequests } from '../../../src/federation/sync/head-requests.ts'
import { HEADS_LOOKED_UP_AT_ONCE } from '../../../src/federation/sync/limits.ts'
import {
  encodeHeads,
  encodeHeadsSinceEnd,
  type FeedHead,
  type FeedId,
  HEADS_SINCE_FEATURE,
  headOf,
  MAX_HEADS_IN_PART,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  type RecordId,
} from '../../../src/protocol/index.ts'
import { Publisher } from '../simulation/cast.ts'

const COOKIE = { boot: 'b'.repeat(26), at: 5 }

test('of a part of heads few are looked up in one turn, however many are held', async () => {
  const { id: publisher } = new Publisher('acme')
  const heads = Array.from(
    { length: MAX_HEADS_IN_PART },
    (_, n): FeedHead => ({ publisher, feed: `feed ${n}` as FeedId, seq: n + 1, id: `record ${n}` as RecordId }),
  )
  let [inTurn, most] = [0, 0]
  const requests = new HeadRequests({
    client: { request: async function* () {} },
    isHeld: async ({ seq }) => {
      most = Math.max(most, ++inTurn)
      await new Promise(setImmediate) // the disk
      inTurn = 0
      return seq % 2 === 0
    },
    isFollowed: () => true,
    named: () => {},
  })
  const offers = await requests.missing(heads, [publisher], {})
  expect(offers.map(({ head }) => head)).toEqual(heads.filter(({ seq }) => seq % 2 === 1))
  expect(most).toBeLessThanOrEqual(HEADS_LOOKED_UP_AT_ONCE)
})

const { genesis } = new Publisher('acme')
/** As a publisher's, and nobody's. */
const idOf = (n: number): PublisherId => {
  const digits = [...String(n).padStart(4, '0')].map(digit => 'abcdefghij'[Number(digit)]).join('')
  return (genesis.publisher.slice(0, 20) + digits + genesis.publisher.slice(24)) as PublisherId
}

/** Asks a peer for what changed of 700 publishers of which the first 100 are listed; tells which were named in which request. */
async function askForMany(answer: (nth: number) => Iterable<Uint8Array>) {
  const ids = Array.from({ length: 700 }, (_, n) => idOf(n))
  const listed = new Set(ids.slice(0, 100))
  const asked: { readonly named: readonly PublisherId[]; readonly all: boolean; readonly since: unknown }[] = []
  const requests = new HeadRequests({
    client: {
      async *request(_, payload) {
        const ask = parseFeedRequest(payload)
        if (ask?.ask !== 'heads-since') throw new TypeError('not asked for')
        asked.push({ named: ask.publishers, all: ask.all, since: ask.since })
        yield* answer(asked.length)
      },
      features: async () => new Set([HEADS_SINCE_FEATURE]),
    },
    isHeld: async () => false,
    isFollowed: () => true,
    isListed: id => listed.has(id),
    named: () => {},
  })
  const effect = {
    do: 'askHeads',
    ask: 1,
    peer: 'peer' as PeerId,
    publishers: [...ids.values()],
    since: COOKIE,
  } as const
  const told = await requests.ask(effect, new AbortController().signal)
  return { told, asked, unlisted: ids.filter(id => !listed.has(id)) }
}

test('all publishers that a peer need not list are named, and the first cookie stands for them', async () => {
  const { told, asked, unlisted } = await askForMany(nth => [
    encodeHeadsSinceEnd({ boot: COOKIE.boot, at: 10 + nth, whole: false }),
  ])
  expect(asked.flatMap(({ named }) => named).toSorted()).toEqual(unlisted.toSorted())
  expect(asked.map(({ all, since }) => [all, since])).toEqual([
    [true, COOKIE],
    [false, COOKIE],
    [false, COOKIE],
  ])
  expect(told).toMatchObject({ answer: { cookie: { at: 11 }, isOver: false, isCut: false } })
})

test('what a later one of these requests tells counts, and one that fails makes all of it untold', async () => {
  const head = { ...headOf(genesis), publisher: idOf(650) }
  const end = encodeHeadsSinceEnd({ boot: COOKIE.boot, at: 11, whole: false })
  const { told } = await askForMany(nth => (nth === 3 ? [...encodeHeads([head]), end] : [end]))
  expect(told).toMatchObject({ offers: [{ head }] })
  expect((await askForMany(nth => (nth === 2 ? [] : [end]))).told).toBe('bad')
  const lost = await askForMany(nth => [
    nth === 2 ? encodeHeadsSinceEnd({ boot: COOKIE.boot, at: 11, whole: true }) : end,
  ])
  expect(lost.told).toMatchObject({ answer: { cookie: null, isOver: true } })
})
