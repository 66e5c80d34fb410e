import { expect, test } from 'vitest'
import {
  FAILED_TOGETHER_MS,
  MAX_STRIKES,
  MAX_STRUCK_PEERS,
  STRIKE_AGE_MS,
} from '../../../src/federation/sync/limits.ts'
import { Strikes } from '../../../src/federation/sync/strikes.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const peer = (n: number) => `peer ${n}` as PeerId

test('counts every offer not kept, and failures that come together once', () => {
  const strikes = new Strikes()
  for (let n = 0; n < 3; n++) strikes.broke(peer(1), 0)
  for (let n = 0; n < 3; n++) strikes.failed(peer(2), n)
  strikes.failed(peer(2), FAILED_TOGETHER_MS)
  expect(strikes.of(peer(1), 0)).toBe(3)
  expect(strikes.of(peer(2), FAILED_TOGETHER_MS)).toBeCloseTo(2, 1)
})

test('time and help take strikes away, and no peer gathers more than drop it', () => {
  const strikes = new Strikes()
  for (let n = 0; n < 100; n++) strikes.broke(peer(1), 0)
  expect(strikes.of(peer(1), 0)).toBe(MAX_STRIKES)
  strikes.forgive(peer(1), 0)
  expect(strikes.of(peer(1), 0)).toBe(MAX_STRIKES - 1)
  expect(strikes.of(peer(1), STRIKE_AGE_MS)).toBe(MAX_STRIKES - 2)
  expect(strikes.of(peer(1), MAX_STRIKES * STRIKE_AGE_MS)).toBe(0)
})

test('many ids push out nobody who did worse than they', () => {
  const strikes = new Strikes()
  const last = MAX_STRUCK_PEERS + 100
  for (let n = 0; n < 2; n++) strikes.broke(peer(0), 0)
  for (let n = 1; n <= last; n++) strikes.broke(peer(n), 1)
  expect(strikes.of(peer(0), 1)).toBeCloseTo(2, 1)
  expect(strikes.of(peer(1), 1)).toBe(0)
  expect(strikes.of(peer(last), 1)).toBe(1)
})
