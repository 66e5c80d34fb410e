import { expect, test } from 'vitest'
import type { DiscoveryEffect } from '../../../src/federation/discovery/effects.ts'
import { COVER_LOOK_MS, HUNG_UP_MS, MAX_OUTBOUND, MIN_CONNECTIONS } from '../../../src/federation/discovery/limits.ts'
import { DiscoveryMachine } from '../../../src/federation/discovery/machine.ts'
import type { PeerId, PublisherId } from '../../../src/protocol/index.ts'
import { World } from '../simulation/world.ts'

const peer = (n: number) => `peer${n}` as PeerId
const acme = 'acme' as PublisherId
const groupOf = (address: string) => /^\/ip4\/(\d+\.\d+)\./.exec(address)?.[1] ?? null
const keeper = (random = () => 0.5) => new DiscoveryMachine({ self: 'self' as PeerId, random, groupOf })
const named = (n: number, addresses: readonly string[] = []) => [{ peer: peer(n), addresses }]
const dialled = (effects: readonly DiscoveryEffect[]) =>
  effects.flatMap(effect => (effect.do === 'dial' ? [effect.peer] : []))

test('dials up to twelve connections, eight at a time, and no more', () => {
  const machine = keeper()
  const waiting: PeerId[] = []
  for (let i = 0; i < 30; i++) waiting.push(...dialled(machine.heard(named(i), 'book', 0)))
  expect(waiting.length).toBe(8)
  let connected = 0
  for (let next = waiting.shift(); next; next = waiting.shift(), connected++)
    waiting.push(...dialled(machine.connected(next, 'outbound', null, 0)))
  expect(connected).toBe(12)
})

test('keeps eight connections of its own choice beside strangers that dialled it', () => {
  const machine = keeper()
  for (let i = 0; i < 12; i++) machine.connected(peer(i), 'inbound', null, 0)
  const waiting = dialled(machine.heard(named(100), 'book', 0))
  for (let i = 101; i < 130; i++) waiting.push(...dialled(machine.heard(named(i), 'book', 0)))
  let connected = 0
  for (let next = waiting.shift(); next; next = waiting.shift(), connected++)
    waiting.push(...dialled(machine.connected(next, 'outbound', null, 0)))
  expect(connected).toBe(8)
})

test('waits longer after each failed dial, and comes back to a pinned peer within minutes', () => {
  const machine = keeper()
  let now = 0
  machine.heard(named(1), 'pinned', now)
  for (let i = 0; i < 20; i++) {
    machine.dialFailed(peer(1), 'closed', now)
    now += i < 4 ? 2 ** i * 5_000 : 60_000
    expect(dialled(machine.wake(now - 1))).toEqual([])
    expect(dialled(machine.wake(now))).toEqual([peer(1)])
  }
})

test('a peer whose connection was lost is dialled again within 15 s of each failure for an hour, also the last of many', () => {
  const machine = keeper(() => 0.999)
  const world = { now: 0 }
  for (let i = 0; i < 2; i++) {
    machine.heard(named(i), 'book', 0)
    machine.connected(peer(i), 'outbound', null, 0)
  }
  machine.disconnected(peer(1), true, HUNG_UP_MS)
  world.now = HUNG_UP_MS
  let last = world.now
  while (world.now < 59 * 60_000) {
    const [effect] = machine.wake(world.now).flatMap(each => (each.do === 'wakeAt' ? [each.at] : []))
    world.now = effect!
    if (!dialled(machine.wake(world.now)).includes(peer(1))) continue
    expect(world.now - last).toBeLessThanOrEqual(15_000)
    last = world.now += 15_000
    machine.dialFailed(peer(1), 'late', world.now)
  }
  expect(last).toBeGreaterThan(58 * 60_000)
})

test('a peer that was lost cannot have a victim dialled all the time that it names: most dials go where it was reached', () => {
  const machine = keeper()
  const [own, named1] = ['/ip4/192.0.2.1/tcp/1', '/ip4/203.0.113.9/tcp/9']
  machine.heard(named(0), 'book', 0)
  machine.heard(named(1, [own]), 'book', 0)
  machine.connected(peer(0), 'outbound', null, 0)
  machine.connected(peer(1), 'outbound', own, 0)
  machine.heard(named(1, [named1]), 'record', 0)
  const dialsOfOne = (effects: readonly DiscoveryEffect[]) =>
    effects.flatMap(effect => (effect.do === 'dial' && effect.peer === peer(1) ? [effect.addresses] : []))
  const dials = dialsOfOne(machine.disconnected(peer(1), true, HUNG_UP_MS))
  for (let now = HUNG_UP_MS; dials.length < 16; now += 1_000) {
    const fresh = dialsOfOne(machine.wake(now))
    dials.push(...fresh)
    if (fresh.length > 0) machine.dialFailed(peer(1), 'late', now)
  }
  expect(dials.filter(addresses => addresses.includes(named1))).toHaveLength(2)
  expect(dials.every(addresses => addresses.includes(own))).toBe(true)
})

/** A keeper that dialled 0 to 11. */
function dialledKeeper() {
  const machine = keeper()
  for (let i = 0; i < 12; i++) {
    machine.heard(named(i), 'book', 0)
    machine.wake(0)
    machine.connected(peer(i), 'outbound', null, 0)
  }
  return machine
}

/** A keeper with all its connections: 0 to 11 dialled, 12 to 17 came. */
function fullKeeper() {
  const machine = dialledKeeper()
  for (let i = 12; i < 18; i++) machine.connected(peer(i), 'inbound', null, 0)
  return machine
}

test('with all connections there lost peers are dialled too, one at a time, and none that was sent away', () => {
  const machine = fullKeeper()
  const dials = [0, 1].flatMap(n => dialled(machine.disconnected(peer(n), true, HUNG_UP_MS)))
  expect(dials).toEqual([])
  expect(dialled(machine.wake(20_000))).toHaveLength(1)
  expect(dialled(machine.wake(21_000))).toEqual([])
})

test('who was cut off from all again and again gathers no more connections each time', () => {
  const machine = keeper()
  const up = new Set<PeerId>()
  let now = 0
  const follow = (effects: readonly DiscoveryEffect[]) => {
    for (const { peer: gone } of effects.filter(effect => effect.do === 'hangUp')) {
      up.delete(gone)
      follow(machine.disconnected(gone, false, now))
    }
    for (const next of dialled(effects)) {
      up.add(next)
      follow(machine.connected(next, 'outbound', null, now))
    }
  }
  for (let i = 0; i < 60; i++) follow(machine.heard(named(i), 'book', 0))
  for (let cut = 0; cut < 8; cut++) {
    const lost = [...up]
    up.clear()
    for (const each of lost) follow(machine.disconnected(each, true, now))
    for (let step = 0; step < 60; step++, now += 2_000) follow(machine.wake(now))
  }
  expect(up.size).toBeGreaterThanOrEqual(MIN_CONNECTIONS)
  // One more may be there on trial.
  expect(up.size).toBeLessThanOrEqual(MAX_OUTBOUND + 1)
})

test('with all connections there nobody presses a peer that closed the connection, nor one that is kept out here', () => {
  const machine = fullKeeper()
  machine.disconnected(peer(0), false, HUNG_UP_MS)
  expect(dialled(machine.wake(20_000))).toEqual([])
  machine.disconnected(peer(1), true, 20_000)
  expect(dialled(machine.wake(40_000))).toEqual([peer(1)])
  machine.dialFailed(peer(1), 'denied', 40_000)
  expect(dialled(machine.wake(30 * 60_000))).toEqual([])
})

test('a node that searches connects those that hold what nobody connected holds, beside the connections of its own choice', () => {
  const machine = dialledKeeper()
  for (let i = 40; i < 60; i++) machine.connected(peer(i), 'inbound', null, 0)
  machine.says(peer(0), ['here'])
  machine.says(peer(20), ['here', 'mine'])
  machine.says(peer(21), ['far', 'here'])
  machine.says(peer(22), ['far', 'farther'])
  for (const n of [20, 21, 22]) expect(dialled(machine.heard(named(n), 'record', 0))).toEqual([])
  expect(dialled(machine.searches(new Set(['mine']), () => ({ searches: 0, proven: new Set() }), 0))).toEqual([
    peer(22),
  ])
  // It takes no place of this node's own choice: one of those that goes is replaced.
  machine.connected(peer(22), 'outbound', null, 0)
  machine.heard(named(30), 'book', 0)
  const gone = [0, 1, 2, 3, 4].flatMap(n => dialled(machine.disconnected(peer(n), false, 0)))
  expect(gone).toEqual([peer(30)])
  // And comes back when it went.
  machine.disconnected(peer(22), false, 0)
  const again = [21, 22].map(peer)
  expect(dialled(machine.wake(10_000)).some(each => again.includes(each))).toBe(true)
})

test('looks up followed publishers in the DHT and dials a holder although it has enough connections', () => {
  const machine = keeper()
  for (let i = 0; i < 20; i++) machine.connected(peer(i), 'outbound', null, 0)
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
  machine.heard(named(1), 'bootstrap', 0)
  expect(machine.standing(peer(1))).toEqual({ state: 'dialling' })
  expect(reports(machine.dialFailed(peer(1), 'identity', 0))).toEqual([
    { do: 'report', peer: peer(1), why: 'identity' },
  ])
  expect(machine.standing(peer(1))).toEqual({ state: 'unreachable', why: 'identity' })
  expect(dialled(machine.wake(60_000))).toEqual([peer(1)])
  expect(machine.standing(peer(1))).toEqual({ state: 'unreachable', why: 'identity' })
  expect(reports(machine.wake(75_000))).toEqual([])
  expect(machine.standing(peer(1))).toEqual({ state: 'unreachable', why: 'late' })
  machine.connected(peer(1), 'outbound', null, 80_000)
  expect(machine.standing(peer(1))).toEqual({ state: 'connected' })
  machine.disconnected(peer(1), false, 90_000)
  expect(machine.standing(peer(1))).toEqual({ state: 'dialling' })

  machine.heard(named(2), 'bootstrap', 90_000)
  machine.connected(peer(2), 'outbound', null, 90_000)
  machine.disconnected(peer(2), false, 90_000)
  expect(dialled(machine.wake(100_000))).toContain(peer(2))
  expect(reports(machine.dialFailed(peer(2), 'closed', 100_000))).toEqual([])
  expect(machine.standing(peer(2))).toEqual({ state: 'unreachable', why: 'closed' })
})

test('a dial without an answer is reported when its time is over', () => {
  const machine = keeper()
  machine.heard(named(1), 'bootstrap', 0)
  expect(machine.wake(15_000)).toContainEqual({ do: 'report', peer: peer(1), why: 'late' })
})

test('strangers who dial it in any number do not keep it from dialling eight of its own choice', () => {
  const machine = keeper()
  for (let i = 0; i < 200; i++) machine.connected(peer(i), 'inbound', null, 0)
  expect(dialled(machine.heard(named(300), 'book', 0))).toEqual([peer(300)])
})

test('a connection that somebody else in the process dialled is not of its own choice', () => {
  const machine = keeper()
  for (let i = 0; i < 30; i++) machine.connected(peer(i), 'outbound', null, 0)
  expect(dialled(machine.heard(named(300), 'book', 0))).toEqual([peer(300)])
})

/** Dials and connects all that the machine wants, at their addresses; gives who was dialled. */
function connectAll(machine: DiscoveryMachine, first: readonly DiscoveryEffect[], now: number): PeerId[] {
  const order: PeerId[] = []
  const waiting = first.filter(effect => effect.do === 'dial')
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    order.push(next.peer)
    const more = machine.connected(next.peer, 'outbound', next.addresses[0] ?? null, now)
    waiting.push(...more.filter(effect => effect.do === 'dial'))
  }
  return order
}
const at = (n: number, part: string) => named(n, [`/ip4/${part}.0.${n % 250}/tcp/1`])[0]!

test('of one part of the network two count, as long as there are others', () => {
  const machine = keeper()
  for (let i = 0; i < 12; i++) machine.connected(peer(900 + i), 'inbound', null, 0)
  const crowd = Array.from({ length: 40 }, (_, i) => at(i, '66.1'))
  const others = Array.from({ length: 10 }, (_, i) => at(100 + i, `${10 + i}.7`))
  connectAll(machine, machine.heard(crowd, 'book', 0), 0)
  expect(machine.isLacking).toBe(true)
  const more = connectAll(machine, machine.heard(others, 'book', 0), 0)
  expect(more).toHaveLength(6)
  expect(machine.isLacking).toBe(false)
})

test('candidates of another part of the network come before better known ones of a crowded part', () => {
  const machine = keeper()
  const dials = connectAll(machine, machine.heard([at(1, '66.1'), at(2, '66.1'), at(3, '66.1')], 'book', 0), 0)
  expect(dials).toHaveLength(3)
  for (let i = 0; i < 6; i++) machine.connected(peer(900 + i), 'inbound', null, 0)
  machine.heard(
    Array.from({ length: 8 }, (_, i) => at(10 + i, '66.1')),
    'record',
    0,
    peer(900),
  )
  const effects = machine.heard([at(50, '77.1')], 'record', 1_000, peer(901))
  expect(dialled([...effects, ...machine.wake(2_000)])).toContain(peer(50))
})

test('one peer makes it remember 64 candidates, and who named those that nobody answers at is believed less', () => {
  const machine = keeper(new World(1).random)
  const liar = Array.from({ length: 500 }, (_, i) => at(1_000 + i, `${i % 200}.9`))
  const honest = Array.from({ length: 8 }, (_, i) => at(100 + i, `${10 + i}.7`))
  let effects = machine.heard(liar, 'record', 0, peer(1))
  let now = 0
  const tried = new Set<PeerId>()
  for (; now < 60_000; now += 1_000) {
    for (const lied of dialled(effects)) {
      tried.add(lied)
      machine.dialFailed(lied, 'closed', now)
    }
    effects = machine.wake(now)
  }
  expect(tried.size).toBeLessThanOrEqual(64)
  effects = machine.heard(honest, 'record', now, peer(2))
  const dials: PeerId[] = []
  for (; now < 70_000; now += 1_000) {
    for (const each of dialled(effects)) {
      dials.push(each)
      if (!honest.some(({ peer: id }) => id === each)) machine.dialFailed(each, 'closed', now)
    }
    effects = machine.wake(now)
  }
  expect(honest.filter(({ peer: id }) => dials.includes(id)).length).toBeGreaterThanOrEqual(6)
})

test('made-up records cause no burst of dials: 32 at once, then one a second', () => {
  const machine = keeper()
  let dials = 0
  for (let i = 0; i < 20; i++) {
    const told = Array.from({ length: 64 }, (_, n) => at(n + 64 * i, `${(n + i) % 200}.${i}`))
    for (let next = dialled(machine.heard(told, 'record', 0, peer(5_000 + i))); next.length > 0; ) {
      dials += next.length
      next = next.flatMap(each => dialled(machine.dialFailed(each, 'closed', 0)))
    }
  }
  expect(dials).toBe(32)
  expect(dialled(machine.wake(1_000))).toHaveLength(1)
})

test('with all places taken, an untried peer takes the place of one that brought nothing', () => {
  const machine = keeper()
  const first = Array.from({ length: 12 }, (_, i) => at(i, `${10 + i}.7`))
  connectAll(machine, machine.heard(first, 'book', 0), 0)
  for (let i = 0; i < 11; i++) machine.brought(peer(i), 0)
  machine.heard([at(50, '77.1')], 'record', 1_000, peer(1))
  let [now, tried] = [1_000, [] as PeerId[]]
  while (tried.length === 0 && now < 7_200_000) {
    now = machine.wake(now).find(effect => effect.do === 'wakeAt')!.at
    tried = dialled(machine.wake(now))
  }
  expect(tried).toEqual([peer(50)])
  expect(machine.connected(peer(50), 'outbound', null, now)).toContainEqual({ do: 'hangUp', peer: peer(11) })
})

test('above 240 connections strangers go, of the part of the network that has most the newest, and never who serves', () => {
  const machine = keeper()
  machine.heard(named(0), 'pinned', 0)
  machine.connected(peer(0), 'inbound', '/ip4/66.1.0.1/tcp/1', 0)
  machine.connected(peer(1), 'inbound', '/ip4/66.1.0.1/tcp/1', 0)
  machine.brought(peer(1), 0)
  for (let i = 2; i < 150; i++) machine.connected(peer(i), 'inbound', '/ip4/66.1.0.1/tcp/1', i)
  for (let i = 150; i < 240; i++) machine.connected(peer(i), 'inbound', `/ip4/${i % 50}.1.0.1/tcp/1`, i)
  const gone = (effects: readonly DiscoveryEffect[]) => effects.flatMap(e => (e.do === 'hangUp' ? [e.peer] : []))
  expect(gone(machine.connected(peer(240), 'inbound', '/ip4/9.9.0.1/tcp/1', 60_000))).toEqual([peer(149)])
  // The newcomer has time to ask; and when it gets tight nobody new has.
  for (let i = 241; i < 281; i++) machine.connected(peer(i), 'inbound', '/ip4/66.2.0.1/tcp/1', 60_000)
  expect(gone(machine.wake(60_001))).toEqual([])
})

test('names as anchors who served longest, each from another part of the network', () => {
  const machine = keeper()
  connectAll(
    machine,
    machine.heard(
      Array.from({ length: 12 }, (_, i) => at(i, `${10 + (i >> 1)}.7`)),
      'book',
      0,
    ),
    0,
  )
  for (const served of [8, 9, 10]) machine.brought(peer(served), 0)
  let anchors: readonly { readonly peer: PeerId }[] = []
  for (let now = 0; now < 7_200_000 && anchors.length === 0; now += 60_000)
    for (const effect of machine.wake(now)) if (effect.do === 'anchor') anchors = effect.peers
  expect(anchors.map(each => each.peer)).toEqual([peer(8), peer(10), peer(0), peer(2)])
})

test('a node record that claims a followed publisher leads to its node, and four such dials at once are enough', () => {
  const machine = keeper()
  connectAll(
    machine,
    machine.heard(
      Array.from({ length: 12 }, (_, i) => at(i, `${10 + i}.7`)),
      'book',
      0,
    ),
    0,
  )
  machine.serve([acme], [], 0)
  expect(machine.unheld()).toEqual([acme])
  const told = Array.from({ length: 30 }, (_, i) => at(100 + i, `${50 + i}.1`))
  machine.heard(told, 'record', 0, peer(1))
  const dials = told.flatMap(each => dialled(machine.claims(each.peer, [acme], 0)))
  expect(dials).toHaveLength(4)
  machine.connected(dials[0]!, 'outbound', null, 0)
  expect(machine.unheld()).toEqual([])
})

test('a peer that hangs up at once on who dialled it may not admit this node; one that goes otherwise says nothing', () => {
  const machine = keeper()
  for (const n of [1, 2, 3, 4]) machine.heard(named(n), 'pinned', 0)
  machine.connected(peer(1), 'outbound', null, 0)
  machine.disconnected(peer(1), true, 2_999)
  machine.connected(peer(2), 'outbound', null, 0)
  machine.disconnected(peer(2), true, 3_000)
  machine.connected(peer(3), 'inbound', null, 0)
  machine.disconnected(peer(3), true, 1)
  machine.connected(peer(4), 'outbound', null, 0)
  machine.disconnected(peer(4), false, 1)
  const standings = [1, 2, 3, 4].map(n => machine.standing(peer(n)))
  const dialling = { state: 'dialling' }
  expect(standings).toEqual([{ state: 'unreachable', why: 'hungUp' }, dialling, dialling, dialling])
  machine.connected(peer(1), 'outbound', null, 4_000)
  expect(machine.standing(peer(1))).toEqual({ state: 'connected' })
})

test('a peer of another network takes no place: as many of this one are dialled as if it were not there', () => {
  const machine = keeper()
  const waiting: PeerId[] = []
  for (let i = 0; i < 30; i++) waiting.push(...dialled(machine.heard(named(i), 'book', 0)))
  let connected = 0
  for (let next = waiting.shift(); next; next = waiting.shift(), connected++) {
    waiting.push(...dialled(machine.connected(next, 'outbound', null, 0)))
    if (connected < 5) waiting.push(...dialled(machine.identified(next, false, 0)))
  }
  expect(connected).toBe(12 + 5)
  expect(machine.isLacking).toBe(false)
})

test('a peer of another network is said to serve nothing, and is dialled for nothing, until it says that it is of this one', () => {
  const machine = keeper()
  machine.serve([acme], [], 0)
  machine.heard(named(1), 'record', 0)
  machine.connected(peer(1), 'inbound', null, 0)
  machine.claims(peer(1), [acme], 0)
  expect(machine.unheld()).toEqual([])
  expect(dialled(machine.identified(peer(1), false, 0))).toEqual([])
  machine.names(peer(1), [acme])
  expect(machine.unheld()).toEqual([acme])
  machine.identified(peer(1), true, 0)
  expect(machine.unheld()).toEqual([])
})

test('a peer of another network has no place among those that searches are for', () => {
  const machine = keeper()
  for (let n = 0; n < 12; n++) connectAll(machine, machine.heard(named(n), 'book', 0), 0)
  const borne = () => ({ searches: 0, proven: new Set<string>() })
  machine.heard([...named(100), ...named(101)], 'record', 0)
  for (const n of [100, 101]) machine.says(peer(n), ['tag'])
  const [chosen, ...rest] = dialled(machine.searches(new Set(), borne, 0))
  expect(rest).toEqual([])
  machine.connected(chosen!, 'outbound', null, 0)
  expect(dialled(machine.wake(COVER_LOOK_MS))).toEqual([])
  machine.identified(chosen!, false, COVER_LOOK_MS)
  const other = chosen === peer(100) ? peer(101) : peer(100)
  expect(dialled(machine.wake(2 * COVER_LOOK_MS))).toEqual([other])
})
