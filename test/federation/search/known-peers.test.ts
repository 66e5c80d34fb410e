import { describe, expect, it } from 'vitest'
import { KnownPeers } from '../../../src/federation/search/known-peers.ts'
import { CLAIMS_AGE_MS, MAX_KNOWN_PEERS, MAX_PROVEN } from '../../../src/federation/search/limits.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const peer = (name: string) => name as PeerId

describe('what searches know of peers', () => {
  it('keeps what a peer claims until it is old, then asks for it again', () => {
    const known = new KnownPeers()
    expect(known.wantsClaims(peer('A'), 0)).toBe(true)
    known.claims(peer('A'), ['a', 'b'], 10)
    expect(known.candidate(peer('A')).claimed).toEqual(new Set(['a', 'b']))
    expect(known.wantsClaims(peer('A'), 10 + CLAIMS_AGE_MS - 1)).toBe(false)
    expect(known.wantsClaims(peer('A'), 10 + CLAIMS_AGE_MS)).toBe(true)
  })

  it('forgives one stall of a peer that answered before, and none of one that never did', () => {
    const known = new KnownPeers()
    known.stalled(peer('A'))
    expect(known.candidate(peer('A')).hasStalled).toBe(true)
    known.answered(peer('A'), 10)
    known.stalled(peer('A'))
    expect(known.candidate(peer('A')).hasStalled).toBe(false)
    known.stalled(peer('A'))
    expect(known.candidate(peer('A')).hasStalled).toBe(true)
  })

  it('follows how long a peer takes, what is quicker at once and a lost packet little', () => {
    const known = new KnownPeers()
    known.answered(peer('A'), 10)
    known.answered(peer('A'), 110)
    expect(known.candidate(peer('A')).usualMs).toBeCloseTo(20)
    known.answered(peer('A'), 10)
    expect(known.candidate(peer('A')).usualMs).toBeCloseTo(15)
  })

  it('remembers the publishers proven last, and the peers heard of last', () => {
    const known = new KnownPeers()
    for (let i = 0; i <= MAX_PROVEN; i++) known.proved(peer('A'), `${i}`)
    const { proven } = known.candidate(peer('A'))
    expect([proven.size, proven.has('0'), proven.has(`${MAX_PROVEN}`)]).toEqual([MAX_PROVEN, false, true])
    for (let i = 0; i < MAX_KNOWN_PEERS; i++) known.asked(peer(`P${i}`), 1)
    expect(known.candidate(peer('A')).proven.size).toBe(0)
    expect(known.candidate(peer('P0')).askedAt).toBe(1)
  })
})
