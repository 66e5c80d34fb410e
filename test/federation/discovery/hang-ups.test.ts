import { expect, test } from 'vitest'
import type { Source } from '../../../src/federation/discovery/candidates.ts'
import type { DiscoveryEffect } from '../../../src/federation/discovery/effects.ts'
import { HUNG_UP_MS, LONGEST_PINNED_BACKOFF_MS, MAX_FAILURES } from '../../../src/federation/discovery/limits.ts'
import { DiscoveryMachine } from '../../../src/federation/discovery/machine.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const [peer, other] = ['peer' as PeerId, 'other' as PeerId]
const address = '/ip4/192.0.2.1/tcp/1'
const minute = 60_000
const keeper = () => new DiscoveryMachine({ self: 'self' as PeerId, random: () => 0.5, groupOf: () => null })

/** Times of the dials of the peer until `end`, each of which `answer` answers at once. */
function dialsOf(
  machine: DiscoveryMachine,
  first: readonly DiscoveryEffect[],
  end: number,
  answer: (now: number) => DiscoveryEffect[],
): number[] {
  const dials: number[] = []
  for (let [effects, now] = [first, 0]; now < end; ) {
    if (effects.some(effect => effect.do === 'dial' && effect.peer === peer)) {
      dials.push(now)
      effects = answer(now)
      continue
    }
    now = Math.max(now + 1, effects.find(effect => effect.do === 'wakeAt')!.at)
    effects = machine.wake(now)
  }
  return dials
}

/** Lets the peer be connected, and gone at once. */
const hangUp = (machine: DiscoveryMachine, wasCut: boolean) => (now: number) => {
  machine.connected(peer, 'outbound', address, now)
  return machine.disconnected(peer, wasCut, now + 20)
}
const gaps = (times: readonly number[]) => times.slice(1).map((time, i) => Math.round((time - times[i]!) / 1_000))

test.each([
  ['pinned', true],
  ['bootstrap', true],
  ['bootstrap', false],
] as const)(
  'a peer that hangs up on each dial is dialled ever more seldom, once a minute at last: %s, cut: %s',
  (source, wasCut) => {
    const machine = keeper()
    const first = machine.heard([{ peer, addresses: [address] }], source, 0)
    const dials = dialsOf(machine, first, 60 * minute, hangUp(machine, wasCut))
    expect(gaps(dials).slice(0, 6)).toEqual([5, 10, 20, 40, 60, 60])
    expect(dials.length).toBeGreaterThan(50)
    expect(dials.length).toBeLessThan(70)
    expect(Math.max(...gaps(dials))).toBe(LONGEST_PINNED_BACKOFF_MS / 1_000)
  },
)

test.each<Source>(['record', 'hint'])(
  'a peer known by hearsay that hangs up stays hearsay, and is forgotten: %s',
  source => {
    const machine = keeper()
    const first = machine.heard([{ peer, addresses: [address] }], source, 0, other)
    expect(dialsOf(machine, first, 24 * 60 * minute, hangUp(machine, true))).toHaveLength(MAX_FAILURES)
  },
)

test('a peer that was connected a while and goes soon after it is back is dialled as soon as at first', () => {
  const machine = keeper()
  const first = machine.heard([{ peer, addresses: [address] }], 'book', 0)
  let [now, back] = [0, 0]
  // Lost after an hour, away for half an hour, back, and gone at once.
  dialsOf(machine, first, 1, at => machine.connected(peer, 'outbound', address, at))
  now = 60 * minute
  machine.disconnected(peer, true, now)
  for (; now < 90 * minute; now += 1_000)
    if (machine.wake(now).some(effect => effect.do === 'dial')) machine.dialFailed(peer, 'closed', now)
  for (; back === 0; now += 1_000) if (machine.wake(now).some(effect => effect.do === 'dial')) back = now
  machine.connected(peer, 'outbound', address, back)
  const gone = machine.disconnected(peer, true, back + HUNG_UP_MS - 1)
  expect(gone).toContainEqual({ do: 'wakeAt', at: back + HUNG_UP_MS - 1 + 5_000 })
  expect(machine.wake(back + HUNG_UP_MS - 1 + 5_000)).toContainEqual({ do: 'dial', peer, addresses: [address] })
})
