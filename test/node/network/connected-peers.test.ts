import { randomBytes } from 'node:crypto'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { afterAll, expect, test } from 'vitest'
import type { PeerAddress } from '../../../src/federation/index.ts'
import { MAX_CONNECTIONS_OF_PEER } from '../../../src/node/network/limits.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import type { PeerBook } from '../../../src/node/network/peer-book.ts'
import { rememberPeers } from '../../../src/node/network/peer-memory.ts'
import { RelayClient } from '../../../src/node/network/relay/relay-client.ts'

const nodes: Libp2p[] = []
afterAll(async () => await Promise.all(nodes.map(async node => await node.stop())))

async function start(net = 'test'): Promise<Network> {
  const options = libp2pOptionsOf({
    ...{ net, nodeSeed: randomBytes(32), mode: 'public', listen: ['/ip4/127.0.0.1/tcp/0'], announce: [] },
    ...{ mdns: false, topics: [], isRelay: false, relays: new RelayClient() },
  })
  const libp2p = await createLibp2p(options as unknown as Libp2pOptions)
  nodes.push(libp2p)
  return libp2p as unknown as Network
}

/** Two nodes, connected; each has heard what the other says of itself. */
async function pair(net?: string) {
  const [a, b] = [await start(), await start(net)]
  const isIdentified = [a, b].map(
    node => new Promise<void>(resolve => void node.services.connectedPeers.onIdentify(() => resolve())),
  )
  await a.dial(b.getMultiaddrs())
  await Promise.all(isIdentified)
  return [a, b] as const
}

/** What a listener heard so far. */
function listenTo({ services: { connectedPeers } }: Network) {
  const heard: string[] = []
  const stop = connectedPeers.onConnect((peer, direction) => heard.push(`${direction} ${peer}`))
  connectedPeers.onDisconnect(peer => heard.push(`gone ${peer}`))
  return { heard, stop }
}

const gone = async ({ services: { connectedPeers } }: Network) =>
  await new Promise<void>(resolve => void connectedPeers.onDisconnect(() => resolve()))

test('who listens hears of a peer that is here already, and of each peer once', async () => {
  const [a, b] = await pair()
  const late = listenTo(b)
  expect(late.heard).toEqual([`inbound ${a.peerId}`])
  // A second connection with the same peer is no news, nor is the end of one of the two.
  const second = await a.dial(b.getMultiaddrs(), { force: true })
  await second.close()
  const ended = [gone(a), gone(b)]
  await a.hangUp(b.peerId)
  await Promise.all(ended)
  expect(late.heard).toEqual([`inbound ${a.peerId}`, `gone ${a.peerId}`])
  const isBack = new Promise<void>(resolve => void b.services.connectedPeers.onConnect(() => resolve()))
  late.stop()
  await a.dial(b.getMultiaddrs())
  await isBack
  expect(late.heard).toHaveLength(2)
})

test('nobody is told of peers that went before', async () => {
  const [a, b] = await pair()
  const ended = gone(b)
  await a.hangUp(b.peerId)
  await ended
  expect(listenTo(b).heard).toEqual([])
})

/** What each of these nodes writes into a book of peers that were connected before. */
function writtenBy(...of: readonly Network[]): readonly [string, PeerAddress][] {
  const written: [string, PeerAddress][] = []
  const book = {
    connected: (address: PeerAddress) => written.push(['dialled', address]),
    told: (address: PeerAddress) => written.push(['told', address]),
  } as unknown as PeerBook
  for (const node of of) rememberPeers(node.services.connectedPeers, book)[Symbol.dispose]()
  return written
}

test('the book takes in peers that were connected and had said where they listen before it was listening', async () => {
  const [a, b] = await pair()
  const [addresses, self] = [b.getMultiaddrs().map(String), `${b.peerId}`]
  expect(writtenBy(a, b)).toEqual([
    ['dialled', { peer: self, addresses }],
    ['told', { peer: `${a.peerId}`, addresses: [expect.stringContaining('/ip4/127.0.0.1/tcp/')] }],
  ])
})

test('the book takes in no peer of another network, whichever side dialled', async () => {
  expect(writtenBy(...(await pair('another')))).toEqual([])
})

test('a peer that dials again and again has a few connections, and keeps those it had', async () => {
  const [a, b] = await pair()
  const [first] = b.getConnections(a.peerId)
  const closed = () =>
    new Promise<void>(resolve => void b.addEventListener('connection:close', () => resolve(), { once: true }))
  for (let i = 1; i < MAX_CONNECTIONS_OF_PEER; i++) await a.dial(b.getMultiaddrs(), { force: true })
  for (let i = 0; i < 3; i++) {
    const isClosed = closed()
    await a.dial(b.getMultiaddrs(), { force: true }).catch(() => {})
    await isClosed
  }
  expect(b.getConnections(a.peerId)).toHaveLength(MAX_CONNECTIONS_OF_PEER)
  expect(first?.status).toBe('open')
})
