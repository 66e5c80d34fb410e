import { expect, test } from 'vitest'
import { addressesToDial, Candidates } from '../../../src/federation/discovery/candidates.ts'
import { MAX_ADDRESSES } from '../../../src/federation/discovery/limits.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

const [p, informant] = ['p' as PeerId, 'informant' as PeerId]
const [pinned, reached] = ['/ip4/192.0.2.1/tcp/7701', '/ip4/192.0.2.2/tcp/7701']
const named = Array.from({ length: MAX_ADDRESSES }, (_, i) => `/ip4/203.0.113.${i}/tcp/7701`)

test.each(['pinned', 'bootstrap'] as const)(
  'what a node says of itself pushes out no address that the operator named: %s',
  source => {
    const candidates = new Candidates(() => null)
    candidates.add(p, [pinned], source)
    candidates.add(p, named, 'book')
    candidates.add(p, named, 'record', p)
    const dialled = addressesToDial(candidates.get(p)!, 0)
    expect(dialled[0]).toBe(pinned)
    expect(dialled).toHaveLength(MAX_ADDRESSES)
  },
)

test('a pinned peer that was at many addresses before is dialled at the one that it names now', () => {
  const moved = '/ip4/198.51.100.1/tcp/7701'
  const candidates = new Candidates(() => null)
  candidates.add(p, named, 'pinned')
  candidates.add(p, [moved], 'record', p)
  const dialled = addressesToDial(candidates.get(p)!, 0)
  expect(dialled[0]).toBe(named[0])
  expect(dialled).toContain(moved)
})

test('a peer is dialled first where it was reached, whatever it and others name since', () => {
  const candidates = new Candidates(() => null)
  candidates.add(p, [reached], 'book')
  candidates.succeeded(p, true, reached)
  candidates.add(p, named, 'record', p)
  expect(addressesToDial(candidates.get(p)!, 0)).toEqual([reached, ...named.slice(0, -1)])
})

test('who came by itself and went says nothing against who named it; a dial that failed does', () => {
  const candidates = new Candidates(() => null)
  candidates.add(p, [reached], 'record', informant)
  for (let i = 0; i < 50; i++) {
    candidates.succeeded(p, false, null)
    candidates.failed(p, i, 0.5, null)
  }
  expect(candidates.informants.creditOf({ from: informant })).toBe(1)
  candidates.succeeded(p, false, null)
  candidates.failed(p, 50, 0.5, 'closed')
  expect(candidates.informants.creditOf({ from: informant })).toBe(0.5)
})

test('who named a peer that goes at once each time is believed neither more nor less for it than the first time', () => {
  const candidates = new Candidates(() => null)
  const unanswered = 'unanswered' as PeerId
  candidates.add(unanswered, [pinned], 'record', informant)
  candidates.failed(unanswered, 0, 0.5, 'closed')
  candidates.add(p, [reached], 'record', informant)
  for (let i = 0; i < 3; i++) {
    candidates.succeeded(p, true, reached)
    candidates.unmeet(p)
    candidates.failed(p, i, 0.5, 'hungUp')
    // One right, one wrong.
    expect(candidates.informants.creditOf({ from: informant })).toBe(2 / 3)
  }
})
