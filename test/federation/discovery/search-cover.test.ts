import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  COVER_LOOK_MS,
  DOUBTED_AFTER_SEARCHES,
  MAX_COVER_DIALS,
  SEARCHING_MS,
} from '../../../src/federation/discovery/limits.ts'
import { SearchCover } from '../../../src/federation/discovery/search-cover.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const peer = (n: number) => `peer${n}` as PeerId
const nobody = () => false
const anybody = () => true
const unproven = (searches: number) => () => ({ searches, proven: new Set<string>() })
const tags = fc.uniqueArray(fc.integer({ min: 0, max: 20 }).map(String), { maxLength: 5 })
const nodes = fc.array(fc.record({ held: tags, isConnected: fc.boolean(), mayDial: fc.boolean() }), { maxLength: 40 })

test('those picked hold, with those connected, all that anybody who may be dialled holds, while there are places', () => {
  fc.assert(
    fc.property(nodes, tags, (all, followed) => {
      const cover = new SearchCover()
      for (const [n, { held }] of all.entries()) cover.says(peer(n), held)
      cover.searches(new Set(followed), unproven(0), 0)
      const nodeOf = (each: PeerId) => all[Number(each.slice(4))]!
      const picked = cover.missing(
        each => nodeOf(each).isConnected,
        each => nodeOf(each).mayDial,
        0,
      )
      expect(picked.length).toBeLessThanOrEqual(MAX_COVER_DIALS)
      const here = new Set(followed)
      for (const { held, isConnected } of all) if (isConnected) for (const tag of held) here.add(tag)
      for (const each of picked) {
        const { held, isConnected, mayDial } = nodeOf(each)
        expect([isConnected, mayDial, held.some(tag => !here.has(tag))]).toEqual([false, true, true])
        for (const tag of held) here.add(tag)
      }
      const reachable = all.filter(({ isConnected, mayDial }) => isConnected || mayDial).flatMap(({ held }) => held)
      if (picked.length < MAX_COVER_DIALS) expect(reachable.every(tag => here.has(tag))).toBe(true)
    }),
  )
})

test('a node that does not search, or no longer, connects nobody for it', () => {
  const cover = new SearchCover()
  cover.says(peer(1), ['a'])
  expect(cover.missing(nobody, anybody, 0)).toEqual([])
  cover.searches(new Set(), unproven(0), 0)
  expect(cover.missing(nobody, anybody, 0)).toEqual([peer(1)])
  expect(cover.missing(nobody, anybody, SEARCHING_MS)).toEqual([])
  expect(cover.nextDue(SEARCHING_MS)).toBe(Number.POSITIVE_INFINITY)
  cover.dialled(peer(1))
  expect(cover.isChosen(peer(1))).toBe(false)
})

test('at most twelve are connected for it, whatever they claim, and whose dial failed leaves the place to another', () => {
  const cover = new SearchCover()
  for (let n = 0; n < 40; n++) cover.says(peer(n), [`${n}`])
  cover.searches(new Set(), unproven(0), 0)
  const connected = new Set<PeerId>()
  let now = 0
  const look = () => cover.missing(each => connected.has(each), anybody, now)
  for (const each of look()) {
    cover.dialled(each)
    connected.add(each)
  }
  expect(connected.size).toBe(MAX_COVER_DIALS)
  now += COVER_LOOK_MS
  expect(look()).toEqual([])
  const gone = [...connected].at(-1)!
  connected.delete(gone)
  cover.gone(gone)
  expect(cover.isChosen(gone)).toBe(false)
  now += COVER_LOOK_MS
  expect(look()).toHaveLength(1)
})

/** A node that searches, with peers in all places of its cover. */
function fullCover(liars: number) {
  const cover = new SearchCover()
  const connected = new Set<PeerId>()
  const proven = new Map<PeerId, ReadonlySet<string>>()
  let [now, searches] = [0, 0]
  for (let n = 0; n < MAX_COVER_DIALS; n++) cover.says(peer(n), [`${n}`, `also ${n}`])
  const search = () => {
    const askedOf = new Map([...connected].map(each => [each, searches]))
    cover.searches(
      new Set(),
      each => ({ searches: askedOf.get(each) ?? 0, proven: proven.get(each) ?? new Set() }),
      now,
    )
    searches++
  }
  const look = () => {
    now += COVER_LOOK_MS
    const picked = cover.missing(each => connected.has(each), anybody, now)
    for (const each of picked) {
      cover.dialled(each)
      connected.add(each)
    }
    return picked
  }
  search()
  look()
  for (let n = liars; n < MAX_COVER_DIALS; n++) proven.set(peer(n), new Set([`${n}`, `also ${n}`]))
  return { cover, search, look }
}

test('claims that searches never bore out give their places to others, and only then', () => {
  const { cover, search, look } = fullCover(3)
  for (const n of [40, 41]) cover.says(peer(n), [`${n - 40}`])
  for (let n = 1; n < DOUBTED_AFTER_SEARCHES; n++) search()
  expect(look()).toEqual([])
  search()
  expect(new Set(look())).toEqual(new Set([peer(40), peer(41)]))
  const chosen = Array.from({ length: MAX_COVER_DIALS }, (_, n) => peer(n)).filter(each => cover.isChosen(each))
  expect(chosen).toHaveLength(MAX_COVER_DIALS - 2)
  for (let n = 3; n < MAX_COVER_DIALS; n++) expect(cover.isChosen(peer(n))).toBe(true)
})

test('what is doubted keeps its place as long as nobody else needs it', () => {
  const { cover, search, look } = fullCover(MAX_COVER_DIALS)
  for (let n = 0; n <= DOUBTED_AFTER_SEARCHES; n++) search()
  expect(look()).toEqual([])
  for (let n = 0; n < MAX_COVER_DIALS; n++) expect(cover.isChosen(peer(n))).toBe(true)
})

test('a connected peer whose claims were never borne out hides nobody who holds the same', () => {
  const cover = new SearchCover()
  cover.says(peer(1), ['a', 'b'])
  cover.says(peer(2), ['a'])
  const isLiar = (each: PeerId) => each === peer(1)
  cover.searches(new Set(), unproven(0), 0)
  expect(cover.missing(isLiar, anybody, 0)).toEqual([])
  cover.searches(new Set(), each => unproven(isLiar(each) ? DOUBTED_AFTER_SEARCHES : 0)(), 0)
  expect(cover.missing(isLiar, anybody, COVER_LOOK_MS)).toEqual([peer(2)])
})

test('who is still being dialled keeps its place: once here it must not count as this node’s own choice', () => {
  const cover = new SearchCover()
  for (let n = 0; n < MAX_COVER_DIALS; n++) cover.says(peer(n), [`${n}`])
  cover.searches(new Set(), each => unproven(each === peer(40) ? 0 : DOUBTED_AFTER_SEARCHES)(), 0)
  for (const each of cover.missing(nobody, anybody, 0)) cover.dialled(each)
  cover.says(peer(40), ['wanted'])
  const isHere = (each: PeerId) => each === peer(3)
  expect(cover.missing(nobody, anybody, COVER_LOOK_MS)).toEqual([])
  for (let n = 0; n < MAX_COVER_DIALS; n++) expect(cover.isChosen(peer(n))).toBe(true)
  expect(cover.missing(isHere, anybody, 2 * COVER_LOOK_MS)).toEqual([peer(40)])
  expect(cover.isChosen(peer(3))).toBe(false)
})

test('who claims nothing any more gives its place away too, unless its hits verified', () => {
  const { cover, search, look } = fullCover(6)
  search()
  for (const n of [5, 6]) cover.says(peer(n), [])
  expect(look()).toEqual([])
  for (const n of [40, 41]) cover.says(peer(n), [`wanted ${n}`])
  expect(look()).toEqual([peer(40)])
  expect(cover.isChosen(peer(5))).toBe(false)
  expect(cover.isChosen(peer(6))).toBe(true)
})
