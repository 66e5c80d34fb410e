import { expect, test } from 'vitest'
import type { DiscoveryEffect } from '../../../src/federation/discovery/effects.ts'
import { ENOUGH_CONNECTIONS, LOOKUP_EVERY_MS, QUIET_MS } from '../../../src/federation/discovery/limits.ts'
import { DiscoveryMachine } from '../../../src/federation/discovery/machine.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'

const acme = 'acme' as PublisherId
const peer = (n: number) => `peer${n}` as PeerId
const peers = (from: number, count: number) => Array.from({ length: count }, (_, i) => peer(from + i))

function keeper(isAtWork: (peer: PeerId) => boolean = () => false): DiscoveryMachine {
  return new DiscoveryMachine({ self: 'self' as PeerId, random: () => 0.5, groupOf: () => null, isAtWork })
}

/** The keeper's own twelve, 0 to 11. */
function chooseTwelve(machine: DiscoveryMachine): void {
  for (const own of peers(0, 12)) {
    machine.heard([{ peer: own, addresses: [] }], 'book', 0)
    machine.wake(0)
    machine.connected(own, 'outbound', null, 0)
  }
}

const comeUp = (machine: DiscoveryMachine, way: 'inbound' | 'outbound', which: readonly PeerId[], now = 0) => {
  for (const each of which) machine.connected(each, way, null, now)
}

/** Peers told to go until `end`, ms, whose connections then end. */
function goneUntil(machine: DiscoveryMachine, end: number): PeerId[] {
  const gone: PeerId[] = []
  for (let now = 0; now < end; now += 10_000)
    for (const each of hungUp(machine.wake(now))) {
      gone.push(each)
      machine.disconnected(each, false, now)
    }
  return gone
}

const hungUp = (effects: readonly DiscoveryEffect[]) =>
  effects.flatMap(effect => (effect.do === 'hangUp' ? [effect.peer] : []))

const looksUp = (effects: readonly DiscoveryEffect[]) => effects.some(effect => effect.do === 'lookUp')

test('of connections that queries of the DHT opened those above twenty go after ninety quiet seconds, and not before', () => {
  const machine = keeper()
  chooseTwelve(machine)
  comeUp(machine, 'outbound', peers(100, 50))
  expect(goneUntil(machine, QUIET_MS)).toEqual([])
  const { at } = machine.wake(QUIET_MS - 1).find(effect => effect.do === 'wakeAt')!
  expect(at).toBe(QUIET_MS)
  const gone = hungUp(machine.wake(at))
  expect(gone).toHaveLength(12 + 50 - ENOUGH_CONNECTIONS)
  expect(gone.every(each => peers(100, 50).includes(each))).toBe(true)
  expect(hungUp(machine.wake(at))).toEqual([])
})

test('who came here stays, however many there are and however quiet, and so do pinned peers', () => {
  const machine = keeper()
  chooseTwelve(machine)
  comeUp(machine, 'inbound', peers(100, 60))
  comeUp(machine, 'outbound', peers(200, 2))
  machine.heard([{ peer: peer(200), addresses: [] }], 'pinned', 0)
  expect(goneUntil(machine, 3 * QUIET_MS)).toEqual([peer(201)])
})

test('who brings records, who is at work and the one that serves a followed publisher stay as long as that is so', () => {
  const atWork = new Set([peer(101)])
  const machine = keeper(each => atWork.has(each))
  chooseTwelve(machine)
  machine.serve([acme], [], 0)
  comeUp(machine, 'inbound', peers(300, 10))
  comeUp(machine, 'outbound', peers(100, 4))
  machine.names(peer(102), [acme])
  machine.brought(peer(100), QUIET_MS / 2)
  expect(hungUp(machine.wake(QUIET_MS))).toEqual([peer(103)])
  expect(hungUp(machine.wake(1.5 * QUIET_MS))).toEqual([peer(100)])
  atWork.clear()
  machine.names(peer(0), [acme])
  expect(hungUp(machine.wake(2 * QUIET_MS))).toEqual([peer(101), peer(102)])
})

test('a publisher whose heads a connected peer named is looked up no more until that peer has gone', () => {
  const machine = keeper()
  chooseTwelve(machine)
  expect(looksUp(machine.serve([acme], [], 0))).toBe(true)
  machine.found(acme, [], 0)
  machine.names(peer(3), [acme])
  expect(machine.unheld()).toEqual([])
  expect(looksUp(machine.wake(3 * LOOKUP_EVERY_MS))).toBe(false)
  expect(looksUp(machine.disconnected(peer(3), false, 3 * LOOKUP_EVERY_MS))).toBe(true)
})

test('a publisher that nobody serves is looked up ever more seldom, until somebody served it', () => {
  const machine = keeper()
  chooseTwelve(machine)
  let now = 0
  /** Minutes to the next look-up. */
  const next = () => {
    const began = now
    do now += 60_000
    while (!looksUp(machine.wake(now)))
    machine.found(acme, [], now)
    return (now - began) / 60_000
  }
  machine.serve([acme], [], 0)
  machine.found(acme, [], 0)
  expect(Array.from({ length: 6 }, next)).toEqual([5, 10, 20, 40, 60, 60])
  machine.names(peer(3), [acme])
  machine.wake(now)
  machine.disconnected(peer(3), false, now)
  expect(Array.from({ length: 3 }, next)).toEqual([5, 5, 10])
})

test('a node that lacks nothing walks the DHT once at its start and then each hour, one that lacks connections each five minutes', () => {
  const machine = keeper()
  const walks: number[] = []
  const passUntil = (start: number, end: number) => {
    for (let minute = start; minute < end; minute++) {
      if (!machine.wake(minute * 60_000).some(effect => effect.do === 'walk')) continue
      walks.push(minute)
      machine.walked([], minute * 60_000)
    }
  }
  chooseTwelve(machine)
  machine.walked([], 0)
  expect(machine.isLacking).toBe(false)
  passUntil(1, 100)
  expect(walks).toEqual([60])
  for (const each of peers(0, 8)) machine.disconnected(each, false, 100 * 60_000)
  expect(machine.isLacking).toBe(true)
  machine.walked([], 100 * 60_000)
  passUntil(101, 120)
  expect(walks.slice(1)).toEqual([105, 110, 115])
})

test('who is not connected serves nothing by having named it', () => {
  const machine = keeper()
  chooseTwelve(machine)
  machine.serve([acme], [], 0)
  machine.names(peer(50), [acme])
  comeUp(machine, 'inbound', [peer(50)])
  expect(machine.unheld()).toEqual([acme])
})

test('while those that were told to go still go, the keeper sleeps', () => {
  const machine = keeper()
  chooseTwelve(machine)
  comeUp(machine, 'outbound', peers(100, 50))
  const told = machine.wake(QUIET_MS)
  expect(hungUp(told)).not.toEqual([])
  expect(told.find(effect => effect.do === 'wakeAt')?.at).toBeGreaterThan(QUIET_MS)
})

test('of two that alone serve a followed publisher one stays, though both are quiet', () => {
  const machine = keeper()
  chooseTwelve(machine)
  machine.serve([acme], [], 0)
  comeUp(machine, 'inbound', peers(300, 10))
  comeUp(machine, 'outbound', peers(100, 2))
  for (const holder of peers(100, 2)) machine.names(holder, [acme])
  expect(hungUp(machine.wake(QUIET_MS))).toEqual([peer(100)])
})
