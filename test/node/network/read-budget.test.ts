import { expect, test } from 'vitest'
import { BUDGETED_READS, LIBP2P_READS, MIN_PIECE_BYTES } from '../../../src/node/network/limits.ts'
import { ReadBudget } from '../../../src/node/network/read-budget.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'

const KIB = 1 << 10
const LIBP2P = ['', '/ipfs/ping/1.0.0', '/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0', '/hanse/main/kad/1']
const OTHERS = ['/meshsub/1.1.0', '/ipfs/bitswap/1.2.0', '/hanse/main/feed/1']

/** How many pieces of a size a peer may bring by a protocol, of 100,000. */
function taken(protocol: string, bytes: number, budget = new ReadBudget(new HandClock())): number {
  const piece = new Uint8Array(bytes)
  let pieces = 0
  try {
    for (; pieces < 100_000; pieces++) budget.admit(protocol, piece)
  } catch {}
  return pieces
}

test.each(LIBP2P)('what a peer brings by libp2p’s own protocols has a bound: "%s"', protocol => {
  expect(taken(protocol, 64 * KIB)).toBe(LIBP2P_READS.burst / (64 * KIB))
})

test.each(OTHERS)('what it brings by those that count by themselves has a wider one: %s', protocol => {
  expect(taken(protocol, 64 * KIB)).toBe(BUDGETED_READS.burst / (64 * KIB))
})

test('a piece of a byte counts as what it costs to keep it', () => {
  expect(taken('', 1)).toBe(LIBP2P_READS.burst / MIN_PIECE_BYTES)
})

test('all protocols of libp2p together have one budget, and time fills it', () => {
  const clock = new HandClock()
  const budget = new ReadBudget(clock)
  taken('/ipfs/ping/1.0.0', 64 * KIB, budget)
  expect(taken('/hanse/main/kad/1', KIB, budget)).toBe(0)
  clock.pass(2_000)
  // What went over is owed.
  expect(taken('/hanse/main/kad/1', KIB, budget)).toBe((2 * LIBP2P_READS.perSecond - 65 * KIB) / KIB)
})

test('what a circuit carries is not counted', () => {
  expect(taken('/libp2p/circuit/relay/0.2.0/hop', 64 * KIB)).toBe(100_000)
})

test('a small piece of much is kept apart from it, one that is most of it is not copied', () => {
  const budget = new ReadBudget(new HandClock())
  const much = new Uint8Array(64 * KIB).fill(7)
  const small = budget.admit('', much.subarray(10, 20)) as Uint8Array
  expect([small.buffer.byteLength, [...small]]).toEqual([10, Array(10).fill(7)])
  const most = much.subarray(0, 32 * KIB)
  expect(budget.admit('', most)).toBe(most)
})
