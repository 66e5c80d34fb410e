import { randomBytes } from 'node:crypto'
import { RELAY_V2_STOP_CODEC } from '@libp2p/circuit-relay-v2'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { afterAll, expect, test } from 'vitest'
import { libp2pOptionsOf } from '../../../src/node/network/network.ts'
import { RelayClient } from '../../../src/node/network/relay/relay-client.ts'
import type { PeerId } from '../../../src/protocol/index.ts'

/** What libp2p does not show. */
interface Inside {
  readonly components: { readonly transportManager: { getListeners(): readonly unknown[] } }
}

const nodes: Libp2p[] = []
afterAll(async () => await Promise.all(nodes.map(async node => await node.stop())))

async function start(isRelay: boolean) {
  const relays = new RelayClient()
  const place = {
    net: 'test',
    nodeSeed: randomBytes(32),
    mode: 'public',
    listen: ['/ip4/127.0.0.1/tcp/0'],
    announce: [],
  } as const
  const options = libp2pOptionsOf({ ...place, mdns: false, topics: [], isRelay, relays })
  const libp2p = await createLibp2p(options as unknown as Libp2pOptions)
  nodes.push(libp2p)
  return { libp2p, relays }
}

const addressOf = ({ libp2p }: { libp2p: Libp2p }) => libp2p.getMultiaddrs()[0]!.toString()

test('who calls itself a relay is not listened through unless it was chosen', async () => {
  const [victim, stranger] = [await start(false), await start(true)]
  const before = victim.libp2p.getMultiaddrs().map(String)
  const connection = await stranger.libp2p.dial(victim.libp2p.getMultiaddrs())
  const stream = await connection.newStream(RELAY_V2_STOP_CODEC)
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.addEventListener('close', () => resolve())
  if (stream.status === 'open') await promise
  expect(victim.libp2p.getMultiaddrs().map(String)).toEqual(before)
  expect(victim.relays.isReserved(stranger.libp2p.peerId.toString() as PeerId)).toBe(false)
})

test('a reservation is lost with its relay, and had again without a second listener', async () => {
  const [node, relay] = [await start(false), await start(true)]
  const peer = relay.libp2p.peerId.toString() as PeerId
  const reserve = async () =>
    await node.relays.reserve({ peer, addresses: [addressOf(relay)] }, AbortSignal.timeout(10_000))
  const circuits = () =>
    node.libp2p
      .getMultiaddrs()
      .map(String)
      .filter(each => each.includes('/p2p-circuit/'))
  await reserve()
  const first = circuits()
  expect(first.length).toBeGreaterThan(0)
  await node.libp2p.hangUp(relay.libp2p.peerId)
  expect(node.relays.isReserved(peer)).toBe(false)
  await reserve()
  expect(node.relays.isReserved(peer)).toBe(true)
  expect(new Set(circuits().map(hostless))).toEqual(new Set(first.map(hostless)))
})

test('of relays that gave a place and went away the last alone stays, whatever their number', async () => {
  const node = await start(false)
  const { transportManager } = (node.libp2p as unknown as Inside).components
  const before = transportManager.getListeners().length
  for (let i = 0; i < 4; i++) {
    const relay = await start(true)
    const peer = relay.libp2p.peerId.toString() as PeerId
    await node.relays.reserve({ peer, addresses: [addressOf(relay)] }, AbortSignal.timeout(10_000))
    expect(transportManager.getListeners()).toHaveLength(before + 1)
    await relay.libp2p.stop()
    await expect.poll(() => node.relays.isReserved(peer)).toBe(false)
  }
})

test('nothing stays of a peer that gives no place', async () => {
  const [node, other] = [await start(false), await start(false)]
  const { transportManager } = (node.libp2p as unknown as Inside).components
  const before = transportManager.getListeners().length
  const address = { peer: other.libp2p.peerId.toString() as PeerId, addresses: [addressOf(other)] }
  await expect(node.relays.reserve(address, AbortSignal.timeout(10_000))).rejects.toThrow()
  expect(transportManager.getListeners()).toHaveLength(before)
})

const hostless = (address: string) => address.replace(/\/tcp\/\d+/, '')
