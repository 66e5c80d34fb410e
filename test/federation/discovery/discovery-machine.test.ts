import { expect, test } from 'vitest'
import { type DiscoveryEffect, DiscoveryMachine } from '../../../src/federation/discovery/machine.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'

const peer = (n: number) => `peer${n}` as PeerId
const acme = 'acme' as PublisherId
const keeper = () => new DiscoveryMachine('self' as PeerId, () => 0.5)
const dialled = (effects: readonly DiscoveryEffect[]) =>
  effects.flatMap(effect => (effect.do === 'dial' ? [effect.peer] : []))

test('dials up to twelve connections, four at a time, and no more', () => {
  const machine = keeper()
  const waiting: PeerId[] = []
  for (let i = 0; i < 30; i++) waiting.push(...dialled(machine.heard(peer(i), [], 'book', 0)))
  expect(waiting.length).toBe(4)
  let connected = 0
  for (let next = waiting.shift(); next; next = waiting.shift(), connected++)
    waiting.push(...dialled(machine.connected(next, 'outbound', 0)))
  expect(connected).toBe(12)
})

test('keeps eight connections of its own choice beside strangers that dialled it', () => {
  const machine = keeper()
  for (let i = 0; i < 12; i++) machine.connected(peer(i), 'inbound', 0)
  const waiting = dialled(machine.heard(peer(100), [], 'book', 0))
  for (let i = 101; i < 130; i++) waiting.push(...dialled(machine.heard(peer(i), [], 'book', 0)))
  let connected = 0
  for (let next = waiting.shift(); next; next = waiting.shift(), connected++)
    waiting.push(...dialled(machine.connected(next, 'outbound', 0)))
  expect(connected).toBe(8)
})

test('waits longer after each failed dial, and comes back to a pinned peer within minutes', () => {
  const machine = keeper()
  let now = 0
  machine.heard(peer(1), [], 'pinned', now)
  for (let i = 0; i < 20; i++) {
    const effects = machine.dialFailed(peer(1), now)
    const wake = effects.find(effect => effect.do === 'wakeAt')!
    expect(wake.at - now).toBeLessThanOrEqual(90_000)
    now = wake.at
    expect(dialled(machine.wake(now))).toEqual([peer(1)])
  }
})

test('looks up followed publishers in the DHT and dials a holder although it has enough connections', () => {
  const machine = keeper()
  for (let i = 0; i < 20; i++) machine.connected(peer(i), 'outbound', 0)
  expect(machine.serve([acme], [acme], 0)).toMatchObject([
    { do: 'lookUp', publisher: acme },
    { do: 'provide', publisher: acme },
    { do: 'wakeAt' },
  ])
  expect(dialled(machine.found(acme, [{ peer: peer(50), addresses: [] }], 0))).toEqual([peer(50)])
})
