import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FeedStore } from '../../../src/federation/sync/feed-store.ts'
import { FeedHandler } from '../../../src/federation/sync/handler.ts'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { HeadLog } from '../../../src/federation/sync/head-log.ts'
import { CHANGES_PER_LOOK_UP, MAX_REPLACED_CHANGES } from '../../../src/federation/sync/limits.ts'
import {
  encodeFeedRequest,
  type FeedHead,
  type FeedId,
  type HeadCookie,
  type PeerId,
  type PublisherId,
  parseHeads,
  parseHeadsSince,
  parsePublishers,
  type RecordId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'

const idOf = (n: number) => `bafyrei${n.toString(2).padStart(52, 'a').replaceAll('0', 'b').replaceAll('1', 'c')}`
const PUBLISHERS = Array.from({ length: 5 }, (_, n) => idOf(n) as PublisherId)
const FEEDS = [ROOT_FEED, ...['1', '2'].map(n => n.repeat(66) as FeedId)]
const LOGGED = 4
const PEER = 'peer' as PeerId

/** A node whose feeds are extended, forked, opened and lost sight of while it answers, and that starts anew now and then. */
class Served {
  now = 0
  changes = this.#started()
  readonly blocked = new Set<PublisherId>()
  /** Whether the peer asked for too much lately. */
  isPeerOver = false
  /** What happens while the next heads are read. */
  meanwhile: (() => void)[] = []
  readonly #heads = new Map<string, FeedHead[]>()
  #unreadable: PublisherId | null = null
  #lastId = 100

  append(publisher: PublisherId, feed: FeedId, isFork: boolean): void {
    const key = `${publisher}/${feed}`
    const heads = this.#heads.get(key) ?? []
    const kept = isFork ? heads : heads.slice(0, -1)
    const head = { publisher, feed, seq: (heads.at(-1)?.seq ?? 0) + 1, id: idOf(++this.#lastId) as RecordId }
    this.#heads.set(key, [...kept, head])
    this.changes.stored([{ ...head, prev: null } as WellFormedRecord])
  }

  /** A publisher is served to nobody, and to everybody again. */
  block(publisher: PublisherId): void {
    if (!this.blocked.delete(publisher)) this.blocked.add(publisher)
    else this.changes.log.touch(publisher)
  }

  hide(publisher: PublisherId): void {
    this.#unreadable = publisher
  }

  restart(): void {
    this.changes = this.#started()
  }

  servable(publishers: readonly PublisherId[]): FeedHead[] {
    return publishers.flatMap(id => this.#all(id)).filter(head => this.#mayServe(head))
  }

  async *ask(request: Parameters<typeof encodeFeedRequest>[0]): AsyncGenerator<Uint8Array> {
    const heads = async (publisher: PublisherId) => {
      if (publisher === this.#unreadable) {
        this.#unreadable = null
        throw new Error('cannot be read')
      }
      const found = this.#all(publisher)
      for (const happen of this.meanwhile.splice(0)) happen()
      return found
    }
    const handler = new FeedHandler({
      store: { heads } as unknown as FeedStore,
      changes: this.changes,
      mayServeFeed: feed => this.#mayServe(feed),
      mayLookUp: () => !this.isPeerOver,
      listed: { isListed: id => this.#isListed(id), after: () => PUBLISHERS.filter(id => this.#isListed(id)) },
    })
    const { signal } = new AbortController()
    yield* handler.handle({ peer: PEER, payload: encodeFeedRequest(request), signal })
  }

  #started(): HeadChanges {
    return new HeadChanges(new HeadLog(() => this.now, LOGGED))
  }

  #all(publisher: PublisherId): FeedHead[] {
    return FEEDS.flatMap(feed => this.#heads.get(`${publisher}/${feed}`) ?? [])
  }

  /** The first root record delegates one feed, the second another. */
  #mayServe({ publisher, feed }: Pick<FeedHead, 'publisher' | 'feed'>): boolean {
    const delegated = this.#heads.get(`${publisher}/${ROOT_FEED}`)?.at(-1)?.seq ?? 0
    return !this.blocked.has(publisher) && delegated >= FEEDS.indexOf(feed)
  }

  #isListed(publisher: PublisherId): boolean {
    return this.#all(publisher).some(head => head.feed !== ROOT_FEED && this.#mayServe(head))
  }
}

/** Asks as the driver does: by names, or for all that the other lists. */
class Asker {
  readonly told = new Set<RecordId>()
  #cookie: HeadCookie | null = null
  readonly #served: Served
  readonly #names: readonly PublisherId[]
  readonly #all: boolean

  constructor(served: Served, names: readonly PublisherId[], all: boolean) {
    this.#served = served
    this.#names = names
    this.#all = all
  }

  /** Asks for changes, or for whole heads after them where the other does not know since when. */
  async round(): Promise<void> {
    if ((await this.#since()) && this.#all) await this.#whole()
  }

  async #since(): Promise<boolean> {
    const [since, publishers] = [this.#cookie, this.#names]
    for await (const part of this.#served.ask({ ask: 'heads-since', publishers, all: this.#all, since })) {
      const said = parseHeadsSince(part)
      if (said === null) throw new Error('not an answer')
      if (Array.isArray(said)) for (const { id } of said) this.told.add(id)
      else {
        this.#cookie = { boot: said.boot, at: said.at }
        return said.whole
      }
    }
    throw new Error('no end')
  }

  async #whole(): Promise<void> {
    for await (const part of this.#served.ask({ ask: 'heads', publishers: PUBLISHERS }))
      for (const { id } of parseHeads(part) ?? []) this.told.add(id)
  }
}

const publisher = fc.constantFrom(...PUBLISHERS)
const feed = fc.constantFrom(...FEEDS)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), publisher, feed, isFork: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('block' as const), publisher }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('hide' as const), publisher }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('budget' as const), isOver: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2 }) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

function take(served: Served, one: Step): void {
  switch (one.do) {
    case 'append':
      served.append(one.publisher, one.feed, one.isFork)
      break
    case 'block':
      served.block(one.publisher)
      break
    case 'hide':
      served.hide(one.publisher)
      break
    case 'restart':
      served.restart()
      break
    case 'budget':
      served.isPeerOver = one.isOver
      break
    case 'wait':
      served.now += one.ms
  }
}

const rounds = fc.array(
  fc.record({ before: fc.array(step, { maxLength: 8 }), during: fc.array(step, { maxLength: 3 }) }),
  {
    maxLength: 8,
  },
)
const mode = fc.oneof(
  fc.record({ all: fc.constant(false), names: fc.uniqueArray(publisher, { minLength: 1 }) }),
  fc.record({ all: fc.constant(true), names: fc.uniqueArray(publisher) }),
)

test('what a peer tells since a cookie and what it told before are all heads that it would serve now', async () => {
  await fc.assert(
    fc.asyncProperty(rounds, mode, async (script, { all, names }) => {
      const served = new Served()
      const asker = new Asker(served, names, all)
      for (const { before, during } of script) {
        for (const one of before) take(served, one)
        served.meanwhile = during.map(one => () => take(served, one))
        await asker.round()
      }
      // What was not readable in one answer is told in the next, once something is listed it is told in whole.
      served.meanwhile = []
      await asker.round()
      await asker.round()
      const meant = await meantBy(served, { all, names })
      const hidden = served.servable(meant).filter(({ id }) => !asker.told.has(id))
      expect(hidden).toEqual([])
    }),
    { numRuns: 2_000 },
  )
})

async function meantBy(served: Served, { all, names }: { all: boolean; names: readonly PublisherId[] }) {
  const listed = new Set<PublisherId>()
  if (all)
    for await (const part of served.ask({ ask: 'publishers', after: null }))
      for (const id of parsePublishers(part) ?? []) listed.add(id)
  return [...new Set([...names, ...listed])]
}

test('a round in which nothing changed tells nothing, and one change is told alone', async () => {
  const served = new Served()
  const asker = new Asker(served, PUBLISHERS, false)
  for (const id of PUBLISHERS.slice(0, 2)) for (const each of FEEDS.slice(0, 2)) served.append(id, each, false)
  served.now = 1
  await asker.round()
  expect(asker.told.size).toBe(4)
  asker.told.clear()
  served.now = 2
  await asker.round()
  expect(asker.told.size).toBe(0)
  served.append(PUBLISHERS[1]!, FEEDS[1]!, false)
  await asker.round()
  expect(asker.told.size).toBe(1)
})

test('cookies are of one run: one of another, of the future or older than what is remembered tells nothing', () => {
  const log = new HeadLog(() => 10, 2)
  const cookie = log.cookie()
  expect(log.since(cookie, () => true)?.size).toBe(0)
  expect(log.since({ ...cookie, boot: 'another' }, () => true)).toBeNull()
  expect(log.since({ ...cookie, at: 11 }, () => true)).toBeNull()
  for (const id of PUBLISHERS.slice(0, 3)) log.touch(id)
  expect(log.since(cookie, () => true)).toBeNull()
})

test('what later changes of the same feeds replaced is not kept for long', () => {
  const log = new HeadLog(() => 10)
  const sizes = Array.from({ length: 5_000 }, (_, n) => {
    log.changed(PUBLISHERS[n % 5]!, FEEDS[1]!)
    return log.size
  })
  expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * PUBLISHERS.length + MAX_REPLACED_CHANGES + 1)
})

test('a cookie says nothing of how often feeds changed', () => {
  const log = new HeadLog(() => 10)
  const before = log.cookie()
  for (const id of PUBLISHERS) log.touch(id)
  expect(log.cookie()).toEqual(before)
})

test('a publisher that is listed from now on is told in whole to those that ask for all', async () => {
  const served = new Served()
  const asker = new Asker(served, [], true)
  await asker.round()
  served.append(PUBLISHERS[0]!, ROOT_FEED, false)
  served.now = 1
  await asker.round()
  expect(asker.told.size).toBe(0)
  served.now = 2
  await asker.round()
  served.append(PUBLISHERS[0]!, FEEDS[1]!, false)
  await asker.round()
  expect(asker.told.size).toBe(2)
})

test('a peer that asked for too much is told what it names, and to name the rest', async () => {
  const served = new Served()
  const some = PUBLISHERS.slice(0, 2)
  for (const id of some) for (const feed of FEEDS.slice(0, 2)) served.append(id, feed, false)
  const { boot } = served.changes.log.cookie()
  const named = some[0]!
  const told = async () => {
    const publishers = new Set<PublisherId>()
    for await (const part of served.ask({
      ask: 'heads-since',
      publishers: [named],
      all: true,
      since: { boot, at: 0 },
    })) {
      const said = parseHeadsSince(part)
      if (!Array.isArray(said)) return { publishers, end: said }
      for (const { publisher } of said) publishers.add(publisher)
    }
    throw new Error('no end')
  }
  expect(await told()).toMatchObject({ publishers: new Set(some), end: { whole: false } })
  served.isPeerOver = true
  expect(await told()).toMatchObject({ publishers: new Set([named]), end: { whole: true } })
})

test('what a request makes this node go through is charged, and nothing is gone through for nobody', async () => {
  const changes = new HeadChanges(new HeadLog(() => 10))
  const { boot } = changes.log.cookie()
  for (let n = 0; n < 3 * CHANGES_PER_LOOK_UP; n++) changes.log.touch(idOf(n) as PublisherId)
  const charges: number[] = []
  let isOver = false
  const handler = new FeedHandler({
    store: { heads: async () => [] } as unknown as FeedStore,
    changes,
    mayServeFeed: () => true,
    mayLookUp: (_, publishers) => {
      charges.push(publishers)
      return !isOver
    },
  })
  const isWhole = async (publishers: readonly PublisherId[]) => {
    const request = { ask: 'heads-since', publishers, all: false, since: { boot, at: 0 } } as const
    const { signal } = new AbortController()
    for await (const part of handler.handle({ peer: PEER, payload: encodeFeedRequest(request), signal })) {
      const said = parseHeadsSince(part)
      if (said !== null && !Array.isArray(said)) return said.whole
    }
    throw new Error('no end')
  }
  expect([await isWhole([]), charges]).toEqual([false, []])
  expect([await isWhole(PUBLISHERS), charges]).toEqual([false, [3]])
  isOver = true
  expect(await isWhole(PUBLISHERS)).toBe(true)
})
