import { expect, test } from 'vitest'
import { Freshness } from '../../../src/federation/sync/freshness.ts'
import { MAX_KNOWN_HOLDERS } from '../../../src/federation/sync/limits.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'

const [A, B] = ['a', 'b'] as unknown as [PublisherId, PublisherId]
const peer = (name: string) => name as PeerId

test('only a peer that holds a publisher confirms it', () => {
  const freshness = new Freshness()
  freshness.answered(peer('stranger'), [A, B], 1_000)
  expect(freshness.confirmedAt(A)).toBeNull()
  freshness.named(peer('holder'), [{ publisher: A }])
  expect(freshness.confirmedAt(A)).toBeNull()
  freshness.answered(peer('holder'), [A, B], 2_000)
  freshness.answered(peer('stranger'), [A, B], 3_000)
  expect([freshness.confirmedAt(A), freshness.confirmedAt(B)]).toEqual([2_000, null])
  freshness.forget(A)
  expect(freshness.confirmedAt(A)).toBeNull()
})

test('a crowd of holders pushes out the one that said so longest ago', () => {
  const freshness = new Freshness()
  for (let i = 0; i <= MAX_KNOWN_HOLDERS; i++) freshness.named(peer(`${i}`), [{ publisher: A }])
  freshness.answered(peer('0'), [A], 1_000)
  expect(freshness.confirmedAt(A)).toBeNull()
  freshness.answered(peer('1'), [A], 1_000)
  expect(freshness.confirmedAt(A)).toBe(1_000)
})
