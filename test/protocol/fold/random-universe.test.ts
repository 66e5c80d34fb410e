import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Op, UnderstoodBody, Visibility, WellFormedRecord } from '../../../src/protocol/index.ts'
import { CatalogueFold, foldPublisher } from '../../../src/protocol/index.ts'
import { KEPT_RELEASES, seen } from './seen.ts'
import * as u from './universe.ts'

/** Anything that a root and its writers may say, in any order, a part of it lost. */
const FEEDS = ['a', 'b', 'c'] as const
const PACKAGES = ['x', 'y', 'z'].map(name => `pkg:npm/${name}`)
const PEERS = ['p1', 'p2', 'p3']
/** Spread over 20 bits: what is drawn is mostly small. */
const NUMBER = fc.integer().map(drawn => Math.imul(drawn, 0x9e3779b1) >>> 12)
/** Picks from a list by a number; undefined from an empty one. */
const pick = <T>(from: readonly T[], n: number): T => from[n % from.length]!

const opOf = (n: number, m: number, all: readonly WellFormedRecord[]): Op => {
  const purl = pick(PACKAGES, m)
  const version = `${purl}@${(m >> 3) % 3}`
  // Mostly what bears on packages, so that marks are undone.
  const said = all.filter(({ understood }) => understood?.typ === 'ops')
  const to = u.at(said.at(-1 - ((m >> 5) % 12)) ?? all[0], (n >> 5) % 4 === 0 ? 1 : 0)
  const peers = [pick(PEERS, m)] as never
  const ops: Op[] = [
    ...[0, 1, 2].map(i => u.release(version, `${version} ${(m >> 6) % 3}`, `${i}.tgz`)),
    u.tag(purl, 'latest', (m >> 4) % 3 === 0 ? null : `${m % 3}`),
    u.yank(m % 2 === 0 ? purl : version, `why ${m % 5}`),
    u.deprecate(m % 2 === 0 ? purl : version, `why ${m % 5}`),
    u.yankAt(to, `at ${m % 5}`),
    u.undo(to),
    { op: 'deprecate', target: { at: to, reason: 'old' } },
    { op: 'deprecate', target: { undo: [to, u.at(pick(all, m >> 9))] } },
    { ...u.release(version), op: 'origin', upstream: 'u', digest: `${m}`, time: null, artifact: {} } as never,
    { op: 'profile', name: `n${m}`, nodes: [] } as never,
    { op: 'holds', peer: pick(PEERS, m), publishers: [], cids: [`c${m % 3}`], undo: m % 2 === 0 } as never,
    { op: 'member', peer: pick(PEERS, m), name: 'm', undo: m % 2 === 0 } as never,
    { op: 'audience', peers, undo: m % 3 === 0 } as never,
  ]
  return pick(ops, n)
}

const VISIBILITIES: readonly Visibility[] = ['public', 'public', 'public', 'private', 'listed']
const SCOPES = [[], [], ['npm:x'], ['npm:y'], ['npm:x', 'npm:z']]

interface Step {
  readonly kind: number
  readonly n: number
  readonly m: number
}

function universeOf(steps: readonly Step[]): WellFormedRecord[] {
  const { n: first, m: second } = steps[0]!
  const root = u.rootFeed(
    u.delegateBody('b'),
    u.delegateBody('a', 'public', pick(SCOPES.slice(2), first)),
    u.delegateBody('c', pick(VISIBILITIES, second)),
  )
  const feeds = new Map<string, WellFormedRecord[]>(FEEDS.map(feed => [feed, []]))
  const all = (): WellFormedRecord[] => [...root, ...[...feeds.values()].flat()]
  for (const { kind, n, m } of steps) {
    const feed = pick(FEEDS, m)
    const own = feeds.get(feed)!
    if (kind < 3) {
      const expires = n % 3 === 0 ? [n] : []
      const bodies: UnderstoodBody[] = [
        u.delegateBody(feed, pick(VISIBILITIES, n >> 4), pick(SCOPES, n >> 8), ...expires),
        u.delegateBody(feed, 'public', pick(SCOPES, n >> 8)),
        u.delegateBody('a', 'public', pick(SCOPES, n >> 8)),
        u.voidBody(feed, 1 + ((n >> 4) % 6), own.length === 0 || n % 5 === 0 ? null : pick(own, n >> 8)),
      ]
      const isRotate = n % 31 === 0
      const after = n % 23 === 0 ? pick(root, n >> 6) : root.at(-1)!
      const by = isRotate ? u.RECOVERY_KEY : n % 29 === 0 ? u.NEW_ROOT_KEY : u.ROOT_KEY
      root.push(u.rootRecord(after, isRotate ? u.rotateBody() : pick(bodies, n), by, m))
      continue
    }
    const after = kind === 3 ? (own.length === 0 || n % 4 === 0 ? null : pick(own, n >> 4)) : (own.at(-1) ?? null)
    const ops = Array.from({ length: n % 7 === 0 ? 0 : 1 + (n % 2) }, (_, i) => opOf((n >> 3) + i * 5, m + i, all()))
    own.push(u.writerRecord(feed, after, ops, kind === 3 ? m : ''))
  }
  return all()
}

const step = fc.record({ kind: fc.nat(23), n: NUMBER, m: NUMBER })
const universe = fc.array(step, { minLength: 5, maxLength: 100 }).map(universeOf)
const arrival = universe.chain(all =>
  fc.tuple(
    fc.oneof(
      fc.constant(all),
      fc.shuffledSubarray(all, { minLength: all.length }),
      fc.shuffledSubarray(all, { minLength: all.length >> 1 }),
      // Nearly in order, as feeds come.
      fc.array(NUMBER, { minLength: all.length, maxLength: all.length }).map(by =>
        all
          .map((record, i) => ({ record, at: i + (by[i]! % 6) }))
          .sort((a, b) => a.at - b.at)
          .map(({ record }) => record),
      ),
    ),
    fc.array(fc.record({ size: fc.integer({ min: 1, max: 9 }), look: NUMBER }), { minLength: 1, maxLength: 40 }),
    fc.constantFrom(...KEPT_RELEASES),
  ),
)

const audiencesOf = (fold: CatalogueFold) => FEEDS.map(feed => [...fold.audienceOf(u.PUBLISHER, u.feedOf(feed))].sort())

/** Without times, which are read from the feeds: who says no more than when it ends touches no package. */
const statesOf = (fold: CatalogueFold) =>
  PACKAGES.map(name => {
    const state = fold.package(u.PUBLISHER, name as never)
    const timeless = (key: string, value: unknown) => (key === 'expires' ? undefined : value)
    return JSON.stringify(state && { ...state, releases: [...state.releases], tags: [...state.tags] }, timeless)
  })

test('whatever is said, and however it comes, the incremental fold equals a fold of all', () => {
  fc.assert(
    fc.property(arrival, ([records, batches, kept]) => {
      const fold = new CatalogueFold(undefined, kept)
      let from = 0
      for (const { size, look } of [...batches, { size: records.length, look: 0 }]) {
        const before = look % 3 === 0 ? statesOf(fold) : null
        const { touched } = fold.add(records.slice(from, from + size))
        from = Math.min(from + size, records.length)
        if (before !== null) {
          const after = statesOf(fold)
          const changed = PACKAGES.filter((_, i) => before[i] !== after[i])
          expect(touched.map(each => each.package)).toEqual(expect.arrayContaining(changed))
        }
        if (look % 2 === 0) fold.package(u.PUBLISHER, pick(PACKAGES, look >> 1) as never)
        if (look % 7 === 0) for (const each of touched) fold.settle(each)
        if (look % 3 === 1 || from === records.length) {
          const given = records.slice(0, from)
          const whole = foldPublisher(u.PUBLISHER, given)
          expect(seen(fold.publisher(u.PUBLISHER))).toEqual(seen(from === 0 ? null : whole))
          const named = PACKAGES.filter(name => fold.publishersOf(name as never).length > 0)
          expect(named).toEqual(PACKAGES.filter(name => from > 0 && whole.packages.has(name as never)))
          const once = new CatalogueFold()
          once.add(given)
          expect(audiencesOf(fold)).toEqual(audiencesOf(once))
        }
        if (from === records.length) break
      }
    }),
    { numRuns: 60 },
  )
}, 60_000)
