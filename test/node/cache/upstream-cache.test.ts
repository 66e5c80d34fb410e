import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CacheLedger, CachePins, UpstreamCache } from '../../../src/node/cache/index.ts'
import {
  type ArtifactStore,
  type LevelDatabase,
  openArtifactStore,
  openLevelDatabase,
} from '../../../src/node/storage/index.ts'
import type { PackageName, Sha256 } from '../../../src/protocol/index.ts'
import { bytesOf, chunksOf, scopedFolder } from '../storage/temporary-home.ts'

const CALM = new AbortController().signal
const MINUTE_MS = 60_000
let stack: AsyncDisposableStack
let folder: string
let database: LevelDatabase
let artifacts: ArtifactStore
let ledger: CacheLedger
let pins: CachePins
let now: number
const released = new Set<Sha256>()
const evicted: Sha256[] = []
const problems: unknown[] = []

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  folder = stack.use(await scopedFolder()).path
  database = stack.use(await openLevelDatabase(join(folder, 'database')))
  artifacts = await openArtifactStore({ database, folder })
  pins = await CachePins.open(join(folder, 'pins.json'))
  now = 1_000 * MINUTE_MS
  ledger = openLedger()
  released.clear()
  for (const list of [evicted, problems]) list.splice(0)
})
afterEach(() => stack.disposeAsync())

const openLedger = () => new CacheLedger({ database, held: sha256 => artifacts.stat(sha256), now: () => now })

function openCache(maxBytes: number | null): UpstreamCache {
  return stack.use(
    new UpstreamCache({
      ...{ artifacts, ledger, pins, maxBytes, now: () => now },
      remove: sha256 => artifacts.remove(sha256),
      released: () => released,
      onProblem: problem => problems.push(problem),
      onEvicted: async gone => void evicted.push(...gone),
    }),
  )
}

/** Pulls so many bytes, a minute after what was pulled before. */
async function pull(cache: UpstreamCache, word: string, size = 1_000): Promise<Sha256> {
  now += MINUTE_MS
  const { sha256 } = await cache.artifactsOf('fake').addPulled(chunksOf(bytesOf(size, word)))
  return sha256
}

async function readFrom(cache: UpstreamCache, sha256: Sha256): Promise<number> {
  const held = await cache.artifactsOf('fake').open(sha256)
  let size = 0
  for await (const chunk of held?.bytes ?? []) size += chunk.length
  return size
}

const held = async (...all: Sha256[]) => await Promise.all(all.map(each => artifacts.has(each)))

describe('a cache with a bound', () => {
  it('lets go of the least used first, down to nine tenths', async () => {
    const cache = openCache(5_000)
    const all = []
    for (const word of ['a', 'b', 'c', 'd', 'e']) all.push(await pull(cache, word))
    const [a, b, c, d, e] = all as [Sha256, Sha256, Sha256, Sha256, Sha256]
    now += MINUTE_MS
    expect(await readFrom(cache, a)).toBe(1_000)
    const f = await pull(cache, 'f')
    await cache.settled()
    expect(await held(a, b, c, d, e, f)).toEqual([true, false, false, true, true, true])
    expect([ledger.bytes, ledger.count]).toEqual([4_000, 4])
    expect(new Set(evicted)).toEqual(new Set([b, c]))
    expect(cache.uses.get('fake')).toEqual({ hits: 1, misses: 6 })
    expect(problems).toEqual([])
  })

  it('never lets go of what this node or a followed publisher released, or what is pinned', async () => {
    const open = openCache(null)
    const [own, theirs, pinned, other] = (await Promise.all(
      ['own', 'theirs', 'pinned', 'other'].map(word => pull(open, word)),
    )) as [Sha256, Sha256, Sha256, Sha256]
    await artifacts.marks.markOwn([own])
    released.add(theirs)
    await pins.add({ purl: 'pkg:npm/x' as PackageName, version: '1.0.0', sha256: pinned })
    now += 10 * MINUTE_MS
    const cache = openCache(1)
    await pull(cache, 'newest')
    await cache.settled()
    expect(await held(own, theirs, pinned, other)).toEqual([true, true, true, false])
    await pins.remove({ purl: 'pkg:npm/x' as PackageName, version: '1.0.0' })
    expect(await cache.prune({ toBytes: 0 })).toMatchObject({ artifacts: 1 })
    expect(await held(own, theirs, pinned)).toEqual([true, true, false])
  })

  it('leaves what is in somebody’s hands, and a reader that has begun reads to its end', async () => {
    const cache = openCache(null)
    const sha256 = await pull(cache, 'large', 3 * 2 ** 20)
    expect(await cache.prune({ toBytes: 0 })).toEqual({ artifacts: 0, bytes: 0 })
    const opened = await cache.artifactsOf('fake').open(sha256)
    const reader = opened!.bytes[Symbol.asyncIterator]()
    let size = ((await reader.next()).value as Uint8Array).length
    now += 2 * MINUTE_MS
    expect(await cache.prune({ toBytes: 0 })).toEqual({ artifacts: 1, bytes: 3 * 2 ** 20 })
    for (let next = await reader.next(); !next.done; next = await reader.next()) size += next.value.length
    expect(size).toBe(3 * 2 ** 20)
    expect(await readFrom(cache, sha256)).toBe(0)
  })

  it('says what would go without letting it go, by age and by size', async () => {
    const cache = openCache(null)
    const old = await pull(cache, 'old')
    now += 100 * MINUTE_MS
    const young = await pull(cache, 'young')
    now += 2 * MINUTE_MS
    expect(await cache.prune({ unusedMs: 50 * MINUTE_MS, dryRun: true })).toEqual({ artifacts: 1, bytes: 1_000 })
    expect(await cache.prune({ toBytes: 0, dryRun: true })).toEqual({ artifacts: 2, bytes: 2_000 })
    expect(await held(old, young)).toEqual([true, true])
    await cache.prune({ unusedMs: 50 * MINUTE_MS })
    expect(await held(old, young)).toEqual([false, true])
  })
})

describe('the ledger of a cache', () => {
  it('writes uses together, and remembers them and what is kept over a restart', async () => {
    const cache = openCache(null)
    const first = await pull(cache, 'first')
    const second = await pull(cache, 'second')
    const groups = database.groups
    for (let times = 0; times < 100; times++) await readFrom(cache, first)
    expect(database.groups).toBe(groups)
    now += MINUTE_MS
    await readFrom(cache, first)
    await ledger.flush()
    ledger = openLedger()
    await ledger.reconcile(CALM)
    expect([ledger.bytes, ledger.count]).toEqual([2_000, 2])
    const order = (await ledger.entries()).toSorted((a, b) => a.usedAt - b.usedAt).map(({ sha256 }) => sha256)
    expect(order).toEqual([second, first])
  })

  it('is made true again after a crash: what is missing is entered, what is gone is dropped', async () => {
    const cache = openCache(null)
    const kept = await pull(cache, 'kept')
    await ledger.flush()
    const crashed = await pull(cache, 'never written')
    const gone = await pull(cache, 'gone')
    await artifacts.remove(gone)
    await artifacts.marks.unmarkPulled(kept)
    ledger = openLedger()
    await ledger.reconcile(CALM)
    expect((await ledger.entries()).map(({ sha256 }) => sha256)).toEqual([crashed])
    expect([ledger.bytes, ledger.count]).toEqual([1_000, 1])
  })

  it('counts bytes once that come twice', async () => {
    const cache = openCache(null)
    await pull(cache, 'same')
    await pull(cache, 'same')
    await ledger.flush()
    await pull(cache, 'same')
    expect([ledger.bytes, ledger.count]).toEqual([1_000, 1])
  })
})
