import { expect, test } from 'vitest'
import type { SpotCheck } from '../../../src/federation/index.ts'
import { type Checkable, MirrorChecks } from '../../../src/node/library/mirror-checks.ts'
import type { Artifact, PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { HandClock } from '../../federation/search/hand-clock.ts'

const SIX_MINUTES_MS = 6 * 60_000
const ONE: Checkable = {
  publisher: 'publisher' as PublisherId,
  peer: 'mirror' as PeerId,
  artifact: { name: 'x.tgz' } as Artifact,
}

/** Checks whose outcomes are given, one after the other. */
function checks(outcomes: SpotCheck[], pick: () => Checkable | null = () => ONE) {
  const clock = new HandClock()
  const told: SpotCheck[] = []
  const keeper = new MirrorChecks({
    ...{ pick, clock, random: () => 0.5 },
    check: async () => {
      const outcome = outcomes.shift()
      if (outcome === undefined) throw new Error('closed')
      return outcome
    },
    onChecked: (_, outcome) => told.push(outcome),
  })
  const pass = async () => {
    clock.pass(SIX_MINUTES_MS)
    await new Promise(setImmediate)
  }
  return { keeper, clock, told, pass }
}

test('mirrors are checked one after the other, and again after what failed', async () => {
  const { keeper, told, pass } = checks(['held', 'absent'])
  await pass()
  await pass()
  await pass()
  expect(told).toEqual(['held', 'absent'])
  await keeper[Symbol.asyncDispose]()
})

test('with nothing to check it waits for the next time, and closed it looks no more', async () => {
  const { keeper, clock, told, pass } = checks(['held'], () => null)
  await pass()
  expect([told, clock.timers]).toEqual([[], 1])
  await keeper[Symbol.asyncDispose]()
  expect(clock.timers).toBe(0)
})
