import { expect, test } from 'vitest'
import { CopyBook, type CopyNews, ROUND_MS, SETTLE_MS, type SeenCopies } from '../../../src/node/library/copy-book.ts'
import { CopyRounds } from '../../../src/node/library/copy-rounds.ts'
import type { BlockId, PackageName, PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'
import { artifactAt } from './copy-group.ts'

const acme = 'acme' as PublisherId
const [a, b, c] = ['a', 'b', 'c'] as PeerId[] as [PeerId, PeerId, PeerId]
const wantedAt = (n: number) => ({ name: `p${n}` as PackageName, artifact: artifactAt(n) })

/** The book of a node that wants two copies; `world` is what it sees and holds. */
function bookOver(whole: readonly PeerId[]) {
  const clock = new HandClock()
  const world = {
    ...{ whole, partial: new Map<PeerId, ReadonlySet<BlockId>>(), mirrors: [] as PeerId[] },
    ...{ held: new Set<BlockId>(), wanted: 2 as number | null, isOpen: true },
    /** Called before it is said whether bytes are here. */
    onLook: async () => {},
  }
  const book = new CopyBook({
    self: 'self' as PeerId,
    wantedOf: () => world.wanted,
    seenOf: (): SeenCopies => world,
    isOpen: () => world.isOpen,
    holds: async ({ cid }) => world.held.has(cid),
    hasBytes: async cid => {
      await world.onLook()
      return world.held.has(cid)
    },
    clock,
  })
  const news: CopyNews[] = []
  book.onNews(each => news.push(each))
  return { book, world, clock, news }
}

test('what enough others hold is left to them, whole mirrors and partial ones alike', async () => {
  const { book, world, clock } = bookOver([a])
  clock.pass(SETTLE_MS)
  expect(await book.isWanted(acme, wantedAt(1))).toBe(true)
  expect(book.shortPackages).toBe(1)
  world.partial.set(b, new Set([artifactAt(1).cid]))
  book.stale()
  expect([await book.isWanted(acme, wantedAt(1)), await book.isWanted(acme, wantedAt(2))]).toEqual([false, true])
  expect(book.shortPackages).toBe(1)
})

test('a missing copy of what is mirrored no more, as it was withdrawn, counts for two hours', async () => {
  const { book, clock } = bookOver([])
  for (const n of [1, 2]) await book.isWanted(acme, wantedAt(n))
  for (let hour = 0; hour < 2; hour++) {
    expect(book.shortPackages).toBe(2)
    clock.pass(60 * 60_000)
    await book.isWanted(acme, wantedAt(2))
  }
  expect(book.shortPackages).toBe(1)
})

test('what is held stays, however many others hold it too', async () => {
  const { book, world } = bookOver([a, b, c])
  world.held.add(artifactAt(1).cid)
  expect(await book.isWanted(acme, wantedAt(1))).toBe(true)
  expect(book.shortPackages).toBe(0)
})

test('after a start others are waited for', async () => {
  const { book, clock, news } = bookOver([])
  expect([await book.isWanted(acme, wantedAt(1)), news]).toEqual([false, ['settling']])
  clock.pass(SETTLE_MS)
  expect(await book.isWanted(acme, wantedAt(1))).toBe(true)
})

test('what not everyone may have is kept and never told of', async () => {
  const { book, world } = bookOver([a, b, c])
  world.isOpen = false
  world.held.add(artifactAt(1).cid)
  expect(await book.isWanted(acme, wantedAt(1))).toBe(true)
  expect(await book.due(new Set())).toEqual({ held: [], gone: [] })
})

test('what is kept is due to be signed; what is gone, closed or mirrored no more, to be taken back', async () => {
  const { book, world } = bookOver([])
  const roots = [1, 2, 3].map(n => artifactAt(n).cid)
  for (const n of [1, 2, 3]) {
    world.held.add(artifactAt(n).cid)
    await book.isWanted(acme, wantedAt(n))
  }
  expect(await book.due(new Set())).toEqual({ held: roots, gone: [] })
  expect(await book.due(new Set(roots))).toEqual({ held: [], gone: [] })
  world.held.delete(artifactAt(1).cid)
  await book.isWanted(acme, wantedAt(1))
  world.isOpen = false
  await book.isWanted(acme, wantedAt(2))
  expect(await book.due(new Set(roots))).toEqual({ held: [], gone: roots.slice(0, 2) })
  world.wanted = null
  book.stale()
  expect(await book.due(new Set(roots.slice(2)))).toEqual({ held: [], gone: roots.slice(2) })
})

test('after a restart what was signed and is still here is not taken back before it was looked at', async () => {
  const { book, world } = bookOver([])
  world.held.add(artifactAt(1).cid)
  const signed = new Set([artifactAt(1).cid, artifactAt(2).cid])
  expect(await book.due(signed)).toEqual({ held: [], gone: [artifactAt(2).cid] })
})

test('what is dropped while others are looked for is due afterwards', async () => {
  const { book, world } = bookOver([])
  const [first, second, third] = [1, 2, 3].map(n => artifactAt(n).cid) as [BlockId, BlockId, BlockId]
  for (const n of [1, 3]) {
    world.held.add(artifactAt(n).cid)
    await book.isWanted(acme, wantedAt(n))
  }
  world.onLook = async () => {
    world.onLook = async () => {}
    world.held.delete(first)
    await book.isWanted(acme, wantedAt(1))
    world.isOpen = false
    await book.isWanted(acme, wantedAt(3))
  }
  const signed = new Set([first, third, second])
  world.held.add(second)
  expect(await book.due(signed)).toEqual({ held: [], gone: [] })
  expect(await book.due(signed)).toEqual({ held: [], gone: [first, third] })
})

test('no more than a bound of roots is told', async () => {
  const { book, world } = bookOver([])
  for (let n = 0; n < 8_200; n++) {
    world.held.add(artifactAt(n).cid)
    await book.isWanted(acme, wantedAt(n))
  }
  expect((await book.due(new Set())).held).toHaveLength(8_192)
})

/** The rounds of a node that looks at so many packages. */
function roundsOver(packages: number) {
  const clock = new HandClock()
  const listeners: ((news: CopyNews) => void)[] = []
  const seen = { looks: 0, signs: 0 }
  const look = () => {
    seen.looks++
    return packages
  }
  const rounds = new CopyRounds({
    book: {
      onNews: listener => {
        listeners.push(listener)
        return () => listeners.splice(0)
      },
    },
    ...{ look, sign: () => seen.signs++, clock, random: () => 0.5 },
  })
  const tell = (news: CopyNews) => {
    for (const listener of listeners) listener(news)
  }
  return { clock, seen, rounds, tell }
}

test('news that never end have all copies looked at as often as that takes little: not before a rest by what the look was', () => {
  const { clock, seen, tell } = roundsOver(10_000)
  for (let second = 0; second < 600; second++) {
    tell('stale')
    clock.pass(1_000)
  }
  expect(seen.looks).toBeGreaterThan(10)
  expect(seen.looks).toBeLessThan(20)
})

test('a round looks every ten minutes, within ten seconds of news, and after a minute while copies are missing', async () => {
  const { clock, seen, rounds, tell } = roundsOver(10)
  clock.pass(10 * 60_000)
  expect(seen).toEqual({ looks: 1, signs: 0 })
  for (let i = 0; i < 5; i++) tell('stale')
  clock.pass(10_000)
  expect(seen.looks).toBe(2)
  tell('short')
  clock.pass(ROUND_MS - 1)
  expect(seen.looks).toBe(2)
  clock.pass(1)
  expect(seen.looks).toBe(3)
  for (let i = 0; i < 5; i++) tell('due')
  clock.pass(10_000)
  expect(seen.signs).toBe(1)
  rounds[Symbol.dispose]()
  expect(clock.timers).toBe(0)
})
