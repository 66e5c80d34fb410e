import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COVER_LOOK_MS, MAX_COVER_DIALS, SEARCHING_MS } from '../../../src/federation/discovery/limits.ts'
import { SearchCover } from '../../../src/federation/discovery/search-cover.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const peer = (n: number) => `peer${n}` as PeerId
const nobody = () => false
const anybody = () => true
const tags = fc.uniqueArray(fc.integer({ min: 0, max: 20 }).map(String), { maxLength: 5 })
const nodes = fc.array(fc.record({ held: tags, isConnected: fc.boolean(), mayDial: fc.boolean() }), { maxLength: 40 })

test('those picked hold, with those connected, all that anybody who may be dialled holds, while there are places', () => {
  fc.assert(
    fc.property(nodes, tags, (all, followed) => {
      const cover = new SearchCover()
      for (const [n, { held }] of all.entries()) cover.says(peer(n), held)
      cover.searches(new Set(followed), 0)
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
  cover.searches(new Set(), 0)
  expect(cover.missing(nobody, anybody, 0)).toEqual([peer(1)])
  expect(cover.missing(nobody, anybody, SEARCHING_MS)).toEqual([])
  expect(cover.nextDue(SEARCHING_MS)).toBe(Number.POSITIVE_INFINITY)
  cover.dialled(peer(1))
  expect(cover.isChosen(peer(1))).toBe(false)
})

test('at most twelve are connected for it, whatever they claim, and whose dial failed leaves the place to another', () => {
  const cover = new SearchCover()
  for (let n = 0; n < 40; n++) cover.says(peer(n), [`${n}`])
  cover.searches(new Set(), 0)
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
