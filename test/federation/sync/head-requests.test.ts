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
import { idOf } from './nobodys-ids.ts'

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
interface Asked {
  readonly named: readonly PublisherId[]
  readonly all: boolean
  readonly since: unknown
}

/** A peer that is asked for what changed of so many publishers, of which the first 100 are listed; tells which were named in which request. */
function askerOf(count: number, answer: (nth: number) => Iterable<Uint8Array>) {
  const ids = Array.from({ length: count }, (_, n) => idOf(n))
  const listed = new Set(ids.slice(0, 100))
  const asked: Asked[] = []
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
  let answers = 0
  const ask = async (since: typeof COOKIE | null, publishers: readonly PublisherId[] = ids) => {
    const effect = { do: 'askHeads', ask: 1, peer: 'peer' as PeerId, publishers, since } as const
    return await requests.ask(effect, new AbortController().signal, () => answers++)
  }
  return { ask, asked, unlisted: ids.slice(100), requests, answers: () => answers }
}

/** Asks for what changed of 700 publishers, once. */
async function askForMany(answer: (nth: number) => Iterable<Uint8Array>) {
  const { ask, asked, unlisted, answers } = askerOf(700, answer)
  return { told: await ask(COOKIE), asked, unlisted, answers }
}

test('all publishers that a peer need not list are named, and the first cookie stands for them', async () => {
  const { told, asked, unlisted, answers } = await askForMany(nth => [
    encodeHeadsSinceEnd({ boot: COOKIE.boot, at: 10 + nth, whole: false }),
  ])
  expect(asked.flatMap(({ named }) => named).toSorted()).toEqual(unlisted.toSorted())
  expect(asked.map(({ all, since }) => [all, since])).toEqual([
    [true, COOKIE],
    [false, COOKIE],
    [false, COOKIE],
  ])
  expect(told).toMatchObject({ answer: { cookie: { at: 11 }, isOver: false, isCut: false } })
  expect(answers()).toBe(2)
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

/** Rounds with a peer that answers each request at a later time and is asked since the first of them; what is named in each, and since when. */
async function roundsOf(count: number, rounds: number) {
  const asker = askerOf(count, nth => [encodeHeadsSinceEnd({ boot: COOKIE.boot, at: 1_000 + nth, whole: false })])
  const told: { readonly at: number; readonly named: readonly PublisherId[]; readonly since: readonly number[] }[] = []
  let since = COOKIE
  for (let i = 0; i < rounds; i++) {
    asker.asked.length = 0
    const { answer, asked } = (await asker.ask(since)) as Exclude<Awaited<ReturnType<typeof asker.ask>>, 'bad'>
    const [first, ...others] = asker.asked
    expect([first!.all, first!.since]).toEqual([true, since])
    const named = asker.asked.flatMap(each => each.named)
    expect(new Set(asked)).toEqual(new Set([...asked.slice(0, 100), ...named]))
    told.push({ at: since.at, named, since: [...new Set(others.map(each => (each.since as typeof COOKIE).at))] })
    since = answer.cookie!
  }
  return { ...asker, told }
}

test('of more than one round may name all have their turn in some rounds, and are asked since the round in which those before began', async () => {
  const { told, unlisted, requests } = await roundsOf(9_100, 7)
  expect(told.map(({ named }) => named.length)).toEqual([4_096, 4_096, 808, 4_096, 4_096, 808, 4_096])
  for (const sweep of [told.slice(0, 3), told.slice(3, 6)])
    expect(sweep.flatMap(({ named }) => named).toSorted()).toEqual(unlisted.toSorted())
  // What changed while the others had their turn is asked for, too: the next sweep asks since the answer in which the last one began.
  const began = [told[0]!.at, told[1]!.at, told[4]!.at] as const
  expect(told.map(({ since }) => since)).toEqual([0, 0, 0, 1, 1, 1, 2].map(sweep => [began[sweep as 0]]))
  expect(requests.size).toBe(1)
})

test('when fewer are left all are asked in one round since the sweep began, and from then on since the last round', async () => {
  const { ask, asked, unlisted, requests, told } = await roundsOf(9_100, 1)
  const few = unlisted.slice(0, 300)
  asked.length = 0
  await ask({ ...COOKIE, at: 2_000 }, few)
  expect(asked.map(({ since }) => (since as typeof COOKIE).at)).toEqual([2_000, told[0]!.at, told[0]!.at])
  for (let round = 0; round < 2; round++) await ask({ ...COOKIE, at: 3_000 }, few)
  expect(asked.slice(-2).map(({ since, all }) => [(since as typeof COOKIE).at, all])).toEqual([
    [3_000, true],
    [3_000, false],
  ])
  expect(requests.size).toBe(0)
})

test('a peer that is asked for whole heads is asked for all that changes from then on', async () => {
  const { ask, asked, unlisted, requests } = await roundsOf(9_100, 2)
  await ask(null, unlisted.slice(0, 256))
  expect(requests.size).toBe(0)
  asked.length = 0
  await ask({ ...COOKIE, at: 5_000 })
  expect(new Set(asked.map(({ since }) => (since as typeof COOKIE).at))).toEqual(new Set([5_000]))
})
