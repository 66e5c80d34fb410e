import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, test } from 'vitest'
import {
  CIRCUITS_IN_ALL,
  CIRCUITS_PER_PEER,
  MAX_RESERVATIONS_PER_HOST,
} from '../../../src/node/network/relay/limits.ts'
import { RelayRules } from '../../../src/node/network/relay/relay-rules.ts'
import { peerIdOfKey } from '../../../src/protocol/index.ts'

const peer = (n: number) => peerIdFromString(peerIdOfKey(new Uint8Array(32).fill(n % 256).fill(n >> 8, 0, 1)))

function rulesFor(address: string, held: readonly string[] = []) {
  const clock = { now: 0 }
  const rules = new RelayRules({
    connectionsOf: () => [{ remoteAddr: multiaddr(address) }],
    reservations: () => held.map((each, n) => [peer(100 + n).toString(), each] as const),
    now: () => clock.now,
  })
  return { rules, clock }
}

test.each([
  [
    '/ip4/192.0.2.1/tcp/5000',
    (n: number) => `/ip4/192.0.2.1/tcp/${n + 1}`,
    (n: number) => `/ip4/192.0.2.${n + 2}/tcp/1`,
  ],
  [
    '/ip6/2001:db8::1/tcp/5000',
    (n: number) => `/ip6/2001:db8:0:0:${n + 1}::/tcp/1`,
    (n: number) => `/ip6/2001:db8:0:${n + 1}::1/tcp/1`,
  ],
])('%s takes no more than its share of the places', (address, near, far) => {
  const full = Array.from({ length: MAX_RESERVATIONS_PER_HOST }, (_, n) => n)
  expect(rulesFor(address, full.map(near)).rules.denyInboundRelayReservation(peer(1))).toBe(true)
  expect(rulesFor(address, full.slice(1).map(near)).rules.denyInboundRelayReservation(peer(1))).toBe(false)
  expect(rulesFor(address, full.map(far)).rules.denyInboundRelayReservation(peer(1))).toBe(false)
})

test('those who come through a proxy of the same site are not taken for one', () => {
  const full = Array.from({ length: MAX_RESERVATIONS_PER_HOST }, (_, n) => `/ip4/127.0.0.1/tcp/${n + 1}/ws`)
  expect(rulesFor('/ip4/127.0.0.1/tcp/9/ws', full).rules.denyInboundRelayReservation(peer(1))).toBe(false)
})

test('who has a place keeps it when its address is full', () => {
  const full = Array.from({ length: MAX_RESERVATIONS_PER_HOST }, (_, n) => `/ip4/192.0.2.1/tcp/${n + 1}`)
  expect(rulesFor('/ip4/192.0.2.1/tcp/9', full).rules.denyInboundRelayReservation(peer(100))).toBe(false)
})

test('a peer that opens circuit after circuit is paced, and takes none from others', () => {
  const { rules, clock } = rulesFor('/ip4/192.0.2.1/tcp/9')
  const opened = () =>
    Array.from({ length: 100 }, () => rules.denyOutboundRelayedConnection(peer(1))).filter(no => !no).length
  expect(opened()).toBe(CIRCUITS_PER_PEER.burst)
  expect(rules.denyOutboundRelayedConnection(peer(2))).toBe(false)
  clock.now = 60_000
  expect(opened()).toBe(60 * CIRCUITS_PER_PEER.perSecond)
})

test('many peers together are bounded too', () => {
  const { rules } = rulesFor('/ip4/192.0.2.1/tcp/9')
  const opened = Array.from({ length: 2_000 }, (_, n) => rules.denyOutboundRelayedConnection(peer(n))).filter(no => !no)
  expect(opened).toHaveLength(CIRCUITS_IN_ALL.burst)
})
