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
    const effects = machine.dialFailed(peer(1), 'closed', now)
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

test('reports the first failed dial of a peer, none after it or after a connection, and knows how each stands', () => {
  const machine = keeper()
  const reports = (effects: readonly DiscoveryEffect[]) => effects.filter(effect => effect.do === 'report')
  machine.heard(peer(1), [], 'bootstrap', 0)
  expect(machine.standing(peer(1))).toEqual({ state: 'dialling' })
  expect(reports(machine.dialFailed(peer(1), 'identity', 0))).toEqual([
    { do: 'report', peer: peer(1), why: 'identity' },
  ])
  expect(machine.standing(peer(1))).toEqual({ state: 'unreachable', why: 'identity' })
  expect(dialled(machine.wake(60_000))).toEqual([peer(1)])
  expect(machine.standing(peer(1))).toEqual({ state: 'unreachable', why: 'identity' })
  expect(reports(machine.wake(75_000))).toEqual([])
  expect(machine.standing(peer(1))).toEqual({ state: 'unreachable', why: 'late' })
  machine.connected(peer(1), 'outbound', 80_000)
  expect(machine.standing(peer(1))).toEqual({ state: 'connected' })
  machine.disconnected(peer(1), 90_000)
  expect(machine.standing(peer(1))).toEqual({ state: 'dialling' })

  machine.heard(peer(2), [], 'bootstrap', 90_000)
  machine.connected(peer(2), 'outbound', 90_000)
  machine.disconnected(peer(2), 90_000)
  expect(dialled(machine.wake(100_000))).toContain(peer(2))
  expect(reports(machine.dialFailed(peer(2), 'closed', 100_000))).toEqual([])
  expect(machine.standing(peer(2))).toEqual({ state: 'unreachable', why: 'closed' })
})

test('a dial without an answer is reported when its time is over', () => {
  const machine = keeper()
  machine.heard(peer(1), [], 'bootstrap', 0)
  expect(machine.wake(15_000)).toContainEqual({ do: 'report', peer: peer(1), why: 'late' })
})
