import { describe, expect, it } from 'vitest'
import {
  FOUND_PATIENCE_MS,
  HEDGE_MS,
  MAX_HEDGES,
  MIN_PATIENCE_MS,
  PATIENCE,
} from '../../../src/federation/search/limits.ts'
import { type SearchEffect, SearchMachine } from '../../../src/federation/search/machine.ts'
import type { PeerCandidate, PeerPlan } from '../../../src/federation/search/pick-peers.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const DEADLINE_MS = 300
const id = (name: string) => name as PeerId
const peer = (name: string, usualMs: number | null = 10, proven: readonly string[] = []): PeerCandidate => ({
  ...{ peer: id(name), usualMs, proven: new Set(proven), claimed: new Set(), hasStalled: false, askedAt: 0 },
})
const plan = (first: PeerCandidate[], reserve: PeerCandidate[] = [], extras: PeerCandidate[] = []): PeerPlan => ({
  ...{ first, reserve, extras },
})
const asked = (effects: readonly SearchEffect[]) => effects.flatMap(each => (each.do === 'ask' ? [each.peer] : []))
const wakeOf = (effects: readonly SearchEffect[]) => effects.find(each => each.do === 'wakeAt')?.at
const endOf = (effects: readonly SearchEffect[]) => effects.find(each => each.do === 'end')?.why

describe('the machine of a search', () => {
  it('asks the first and the extras at once, and ends when the first are heard', () => {
    const machine = new SearchMachine(plan([peer('A'), peer('B')], [peer('R')], [peer('S')]), DEADLINE_MS)
    expect(asked(machine.start(0))).toEqual(['A', 'B', 'S'])
    expect(endOf(machine.ended(id('A'), 'answered', 5))).toBeUndefined()
    expect(endOf(machine.ended(id('B'), 'answered', 6))).toBe('all')
    expect(machine.counts).toEqual({ asked: 3, answered: 2 })
  })

  it('asks whoever holds most of the same beside a peer that is late, once', () => {
    const reserve = [peer('R1', 10, ['x']), peer('R2', 10, ['a', 'b']), peer('R3', 10, ['a'])]
    const machine = new SearchMachine(plan([peer('A', 10, ['a', 'b']), peer('B')], reserve), DEADLINE_MS)
    machine.start(0)
    expect(wakeOf(machine.ended(id('B'), 'answered', 5))).toBe(HEDGE_MS)
    expect(asked(machine.wake(HEDGE_MS))).toEqual(['R2'])
    expect(asked(machine.wake(HEDGE_MS + 1))).toEqual([])
    // The other is asked in its turn when it is late too.
    expect(asked(machine.wake(2 * HEDGE_MS))).toEqual(['R3'])
    expect(machine.counts).toEqual({ asked: 4, answered: 1 })
  })

  it('replaces at once who fails, and asks no more than it may', () => {
    const reserve = Array.from({ length: 20 }, (_, i) => peer(`R${i}`))
    const machine = new SearchMachine(plan([peer('A')], reserve), DEADLINE_MS)
    let [next] = asked(machine.start(0))
    let count = 0
    while (next !== undefined) {
      count++
      ;[next] = asked(machine.ended(next, 'failed', count))
    }
    expect(count).toBe(1 + MAX_HEDGES)
    expect(machine.counts).toEqual({ asked: 1 + MAX_HEDGES, answered: 0 })
  })

  it('waits for a silent peer as long as it usually takes, and not to the deadline', () => {
    const machine = new SearchMachine(plan([peer('A', 5), peer('B', 60)]), DEADLINE_MS)
    machine.start(0)
    expect(wakeOf(machine.ended(id('A'), 'answered', 5))).toBe(60 * PATIENCE)
    expect(endOf(machine.wake(60 * PATIENCE))).toBe('late')
    const quick = new SearchMachine(plan([peer('A', 5), peer('B', 1)]), DEADLINE_MS)
    quick.start(0)
    expect(wakeOf(quick.ended(id('A'), 'answered', 5))).toBe(MIN_PATIENCE_MS)
  })

  it('waits for a new peer to the deadline while most are silent', () => {
    const machine = new SearchMachine(plan([peer('A'), peer('B', null), peer('C', null)]), DEADLINE_MS)
    machine.start(0)
    expect(wakeOf(machine.ended(id('A'), 'answered', 5))).toBe(DEADLINE_MS)
    expect(wakeOf(machine.ended(id('B'), 'answered', 6))).toBe(MIN_PATIENCE_MS)
    expect(endOf(machine.wake(MIN_PATIENCE_MS))).toBe('late')
  })

  it('once what was asked for is found waits little longer for the rest of whom the best hits are here', () => {
    const machine = new SearchMachine(plan([peer('A', 90), peer('B', 90), peer('C', null)]), DEADLINE_MS)
    machine.start(0)
    expect(wakeOf(machine.began(id('B'), 40))).toBe(DEADLINE_MS)
    machine.ended(id('A'), 'answered', 50)
    expect(wakeOf(machine.found(50))).toBe(DEADLINE_MS)
    expect(wakeOf(machine.began(id('C'), 55))).toBe(55 + FOUND_PATIENCE_MS)
    // What follows the best is no beginning.
    expect(machine.began(id('C'), 70)).toEqual([])
    expect(endOf(machine.wake(55 + FOUND_PATIENCE_MS))).toBe('late')
    expect(machine.counts).toEqual({ asked: 3, answered: 1 })
  })

  it('waits its usual time for a peer of whom nothing is here, whatever the others sent', () => {
    const machine = new SearchMachine(plan([peer('A', 60), peer('B', 60)]), DEADLINE_MS)
    machine.start(0)
    machine.found(5)
    expect(wakeOf(machine.began(id('A'), 5))).toBe(60 + FOUND_PATIENCE_MS)
    expect(wakeOf(machine.ended(id('A'), 'answered', 6))).toBe(60 + FOUND_PATIENCE_MS)
  })

  it('once what was asked for is found waits for a silent peer little longer than it usually takes', () => {
    const machine = new SearchMachine(plan([peer('A', 60), peer('B', 60)]), DEADLINE_MS)
    machine.start(0)
    expect(wakeOf(machine.found(50))).toBe(60 + FOUND_PATIENCE_MS)
    expect(machine.found(51)).toEqual([])
    expect(wakeOf(machine.ended(id('A'), 'answered', 55))).toBe(60 + FOUND_PATIENCE_MS)
    expect(endOf(machine.wake(60 + FOUND_PATIENCE_MS))).toBe('late')
    expect(machine.found(100)).toEqual([])
  })

  it('waits to the deadline while nobody has answered, and then ends', () => {
    const machine = new SearchMachine(plan([peer('A', 1)]), DEADLINE_MS)
    expect(wakeOf(machine.start(0))).toBe(DEADLINE_MS)
    expect(endOf(machine.wake(DEADLINE_MS - 1))).toBeUndefined()
    expect(endOf(machine.wake(DEADLINE_MS))).toBe('deadline')
    expect(machine.ended(id('A'), 'answered', DEADLINE_MS + 1)).toEqual([])
    expect(machine.counts).toEqual({ asked: 1, answered: 0 })
  })

  it('hears nobody twice, and nobody it did not ask', () => {
    const machine = new SearchMachine(plan([peer('A'), peer('B')]), DEADLINE_MS)
    machine.start(0)
    machine.ended(id('A'), 'answered', 1)
    expect(machine.ended(id('A'), 'failed', 2)).toEqual([])
    expect(machine.ended(id('X'), 'answered', 2)).toEqual([])
    expect(machine.counts).toEqual({ asked: 2, answered: 1 })
  })

  it('ends at once when there is nobody to ask', () => {
    expect(new SearchMachine(plan([]), DEADLINE_MS).start(0)).toEqual([{ do: 'end', why: 'all' }])
  })
})
