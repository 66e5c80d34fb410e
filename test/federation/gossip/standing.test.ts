import { expect, test } from 'vitest'
import { MAX_STANDINGS, OFFENCE_POINTS, UNRELIABLE_POINTS } from '../../../src/federation/gossip/limits.ts'
import { Standing } from '../../../src/federation/gossip/standing.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const [bad, slow, good] = ['bad', 'slow', 'good'] as [PeerId, PeerId, PeerId]
const MINUTE = 60_000

test('an offence costs its place in the mesh for half an hour, an unreliable peer a third of that', () => {
  const standing = new Standing()
  standing.did('offence', bad, 0)
  standing.did('unreliable', slow, 0)
  expect([bad, slow, good].map(peer => standing.scoreOf(peer, 0))).toEqual([-OFFENCE_POINTS, -UNRELIABLE_POINTS, 0])
  expect(standing.scoreOf(slow, 9 * MINUTE)).toBeLessThan(0)
  expect(standing.scoreOf(slow, 10 * MINUTE)).toBe(0)
  expect(standing.scoreOf(bad, 29 * MINUTE)).toBeLessThan(0)
  expect(standing.scoreOf(bad, 30 * MINUTE)).toBe(0)
})

test('offences add up, below what gossipsub hears of at the third', () => {
  const standing = new Standing()
  for (const at of [0, 1, 2]) standing.did('offence', bad, at)
  expect(standing.scoreOf(bad, 3)).toBeLessThan(-80)
})

test('one that answered many requests wrongly at once is heard again when it may come back', () => {
  const standing = new Standing()
  for (let i = 0; i < 10; i++) standing.did('offence', bad, 0)
  expect(standing.scoreOf(bad, 10 * MINUTE)).toBeGreaterThanOrEqual(-80)
  expect(standing.scoreOf(bad, 90 * MINUTE)).toBe(0)
})

test('a clock that goes back makes nothing worse, and only so many are remembered, the latest', () => {
  const standing = new Standing()
  standing.did('offence', bad, MINUTE)
  expect(standing.scoreOf(bad, 0)).toBe(-OFFENCE_POINTS)
  for (let i = 0; i < MAX_STANDINGS; i++) standing.did('offence', `crowd-${i}` as PeerId, MINUTE)
  expect(standing.scoreOf(bad, MINUTE)).toBe(0)
  expect(standing.scoreOf('crowd-0' as PeerId, MINUTE)).toBe(-OFFENCE_POINTS)
})
