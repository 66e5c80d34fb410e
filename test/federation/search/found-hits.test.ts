import { describe, expect, it } from 'vitest'
import { FoundHits } from '../../../src/federation/search/found-hits.ts'
import type { VerifiedHit } from '../../../src/federation/search/verify-hit.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const hit = (version: string, feed: string, seq: number): VerifiedHit =>
  ({ publisher: 'acme', package: 'pkg:npm/pad', version, at: { feed, seq } }) as unknown as VerifiedHit
const [A, B, C] = ['A', 'B', 'C'] as PeerId[] as [PeerId, PeerId, PeerId]

describe('the hits of one search', () => {
  it('are one for each package: of one feed the newest release, with all who sent one', () => {
    const found = new FoundHits()
    found.add(hit('1.0.0', 'main', 5), A)
    found.add(hit('2.0.0', 'main', 9), B)
    found.add(hit('1.0.0', 'main', 5), C)
    found.add(hit('2.0.0', 'main', 9), B)
    expect(found.all()).toMatchObject([{ version: '2.0.0', from: [A, B, C] }])
  })

  it('stay the first that came where another feed says otherwise', () => {
    const found = new FoundHits()
    found.add(hit('1.0.0', 'main', 5), A)
    found.add(hit('9.0.0', 'other', 9), B)
    expect(found.all()).toMatchObject([{ version: '1.0.0' }])
  })
})
