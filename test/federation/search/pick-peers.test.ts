import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  COVERED_BY,
  MAX_COVER_PEERS,
  MAX_EXTRAS,
  MAX_FIRST_PEERS,
  MIN_FIRST_PEERS,
} from '../../../src/federation/search/limits.ts'
import { type PeerCandidate, pickPeers } from '../../../src/federation/search/pick-peers.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const all = () => true
const candidate = (peer: string, change: Partial<PeerCandidate> = {}): PeerCandidate => ({
  peer: peer as PeerId,
  proven: new Set(),
  claimed: new Set(),
  usualMs: null,
  hasStalled: false,
  askedAt: 0,
  ...change,
})
const idsOf = (peers: readonly PeerCandidate[]) => peers.map(({ peer }) => peer)

const tags = fc.uniqueArray(fc.integer({ min: 0, max: 15 }).map(String), { maxLength: 6 }).map(list => new Set(list))
const candidates = fc
  .array(
    fc.record({
      proven: tags,
      claimed: fc.option(tags, { nil: null }),
      usualMs: fc.option(fc.integer({ min: 1, max: 300 }), { nil: null }),
      hasStalled: fc.boolean(),
      askedAt: fc.integer({ min: 0, max: 5 }),
    }),
    { maxLength: 40 },
  )
  .map(list => list.map((each, i) => candidate(`P${i}`, each)))

describe('picking peers', () => {
  it('puts each candidate in one list, within the bounds, the same for the same', () => {
    fc.assert(
      fc.property(candidates, peers => {
        const { first, reserve, extras } = pickPeers(peers, all)
        const placed = idsOf([...first, ...reserve, ...extras])
        expect(new Set(placed).size).toBe(placed.length)
        expect(first.length).toBeLessThanOrEqual(MAX_FIRST_PEERS)
        expect(extras.length).toBeLessThanOrEqual(MAX_EXTRAS)
        const prompt = peers.filter(({ hasStalled }) => !hasStalled)
        const waited = prompt.length > 0 ? prompt : peers
        expect(idsOf([...first, ...reserve]).toSorted()).toEqual(idsOf(waited).toSorted())
        expect(first.length).toBeGreaterThanOrEqual(Math.min(MIN_FIRST_PEERS, waited.length))
        expect(pickPeers(peers, all)).toEqual({ first, reserve, extras })
      }),
    )
  })

  it('covers twice every publisher that peers were proven to hold, while there are places', () => {
    fc.assert(
      fc.property(candidates, fc.integer({ min: 0, max: 15 }), (peers, followed) => {
        const lacks = (tag: string) => tag !== String(followed)
        const { first, reserve } = pickPeers(peers, lacks)
        const holding = (list: readonly PeerCandidate[], tag: string) =>
          list.filter(({ proven }) => proven.has(tag)).length
        const lacking = new Set([...first, ...reserve].flatMap(({ proven }) => [...proven].filter(lacks)))
        const open = [...lacking].filter(tag => {
          const best = Math.min(COVERED_BY, holding([...first, ...reserve], tag))
          return holding(first, tag) < best
        })
        if (open.length > 0) expect(first.length).toBeGreaterThanOrEqual(MAX_COVER_PEERS)
      }),
    )
  })

  it('covers each publisher once before any twice', () => {
    const twins = Array.from({ length: MAX_COVER_PEERS }, (_, i) =>
      candidate(`T${i}`, { claimed: new Set(['a', 'b']) }),
    )
    const rare = Array.from({ length: MAX_COVER_PEERS - 1 }, (_, i) =>
      candidate(`R${i}`, { claimed: new Set([`${i}`]) }),
    )
    const { first } = pickPeers([...twins, ...rare], all)
    for (const { peer } of rare) expect(idsOf(first)).toContain(peer)
  })

  it('lets no claims, however many, take the place of a peer that was proven to hold what is lacking', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: MAX_COVER_PEERS }), (liars, holders) => {
        const everything = new Set(Array.from({ length: 200 }, (_, i) => String(i)))
        const lying = Array.from({ length: liars }, (_, i) => candidate(`L${i}`, { claimed: everything, usualMs: 1 }))
        const honest = Array.from({ length: holders }, (_, i) => candidate(`H${i}`, { proven: new Set([String(i)]) }))
        const { first } = pickPeers([...lying, ...honest], all)
        for (const { peer } of honest) expect(idsOf(first)).toContain(peer)
      }),
    )
  })

  it('asks few where few hold all that is lacking, the rest by turn', () => {
    const peers = Array.from({ length: 30 }, (_, i) => candidate(`P${i}`, { askedAt: i }))
    const holder = candidate('H', { proven: new Set(['a', 'b', 'c']), askedAt: 100 })
    const { first, reserve } = pickPeers([...peers, holder], all)
    expect(idsOf(first)).toEqual(['H', 'P0', 'P1', 'P2', 'P3', 'P4', 'P5', 'P6'])
    expect(reserve).toHaveLength(23)
  })

  it('asks peers of which nothing is known, as far as there are places, before those that add nothing', () => {
    const known = Array.from({ length: 10 }, (_, i) => candidate(`K${i}`))
    const strangers = Array.from({ length: 30 }, (_, i) => candidate(`S${i}`, { claimed: null, askedAt: 9 }))
    const { first } = pickPeers([...known, ...strangers], all)
    expect(first).toHaveLength(MAX_FIRST_PEERS)
    expect(idsOf(first).every(peer => peer.startsWith('S'))).toBe(true)
  })

  it('keeps places for others when those that hold something are many', () => {
    const holders = Array.from({ length: 40 }, (_, i) => candidate(`H${i}`, { proven: new Set([`${i}`]), askedAt: 5 }))
    const stranger = candidate('S', { claimed: null })
    expect(idsOf(pickPeers([...holders, stranger], all).first)).toContain('S')
  })

  it('waits for a peer that stalled only when there is no other', () => {
    const slow = candidate('S', { hasStalled: true, proven: new Set(['a']) })
    const { first, extras } = pickPeers([slow, candidate('P')], all)
    expect([idsOf(first), idsOf(extras)]).toEqual([['P'], ['S']])
    expect(idsOf(pickPeers([slow], all).first)).toEqual(['S'])
  })

  it('picks three hundred peers that claim all they can within the bounds', () => {
    const peers = Array.from({ length: 300 }, (_, i) =>
      candidate(`P${i}`, { claimed: new Set(Array.from({ length: 256 }, (_, t) => `${i} ${t}`)) }),
    )
    expect(pickPeers(peers, all).first).toHaveLength(MAX_FIRST_PEERS)
  })
})
