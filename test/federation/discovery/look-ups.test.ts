import { expect, test } from 'vitest'
import type { DiscoveryEffect } from '../../../src/federation/discovery/effects.ts'
import { CALM_LOOKUP_EVERY_MS, LOOKUP_AGAIN_MS, LOOKUP_EVERY_MS } from '../../../src/federation/discovery/limits.ts'
import { DiscoveryMachine } from '../../../src/federation/discovery/machine.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'

const [peer, other, acme] = ['peer' as PeerId, 'other' as PeerId, 'acme' as PublisherId]

/** A node that follows a publisher nobody holds, and the times of its look-ups, each of which finds nobody. */
function seeker() {
  const machine = new DiscoveryMachine({ self: 'self' as PeerId, random: () => 0.5, groupOf: () => null })
  const times: number[] = []
  const follow = (effects: readonly DiscoveryEffect[], now: number): number => {
    const isAsked = effects.some(effect => effect.do === 'lookUp')
    if (isAsked) times.push(now)
    const last = isAsked ? machine.found(acme, [], now) : effects
    if (effects.some(effect => effect.do === 'walk')) machine.walked([], now)
    return last.find(effect => effect.do === 'wakeAt')!.at
  }
  /** Lets time pass; gives the end. */
  const pass = (from: number, end: number): number => {
    for (let at = from; at < end; ) at = Math.max(at + 1, follow(machine.wake(at), at))
    return end
  }
  follow(machine.serve([acme], [], 0), 0)
  return { machine, times, follow, pass }
}

test('who looks in vain ever more seldom begins anew with the first connection after there was none', () => {
  const { machine, times, follow, pass } = seeker()
  follow(machine.connected(peer, 'inbound', null, 0), 0)
  // Just after a look-up that the next follows an hour later.
  const gone = pass(0, 7 * CALM_LOOKUP_EVERY_MS)
  expect(times.at(-1)! - times.at(-2)!).toBe(CALM_LOOKUP_EVERY_MS)
  follow(machine.disconnected(peer, true, gone), gone)
  const back = pass(gone, times.at(-1)! + CALM_LOOKUP_EVERY_MS / 2)
  const before = times.length
  follow(machine.connected(other, 'inbound', null, back), back)
  pass(back, back + 0.7 * CALM_LOOKUP_EVERY_MS)
  const since = times.slice(before).map(time => time - back - LOOKUP_AGAIN_MS)
  expect(since).toEqual([0, 1, 3, 7].map(steps => steps * LOOKUP_EVERY_MS))
})

test('a peer that comes and goes all the time does not have a lonely node look up more often than at first', () => {
  const { machine, times, follow } = seeker()
  for (let now = 0; now < 60 * 60_000; now += 1_000) {
    follow(machine.connected(peer, 'inbound', null, now), now)
    follow(machine.wake(now + 500), now + 500)
    follow(machine.disconnected(peer, true, now + 500), now + 500)
  }
  expect(times.length).toBeGreaterThan(10)
  expect(times.length).toBeLessThanOrEqual(12)
})
