import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { afterAll, expect, test } from 'vitest'
import { parseConfig } from '../../../src/node/config/load-config.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { PeerBook } from '../../../src/node/network/peer-book.ts'
import { PeerConnections } from '../../../src/node/network/peer-connections.ts'
import { RelayClient } from '../../../src/node/network/relay/relay-client.ts'
import type { PeerId } from '../../../src/protocol/index.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const nodes: Libp2p[] = []
afterAll(async () => await Promise.all(nodes.map(async node => await node.stop())))

async function start(net: string): Promise<Network> {
  const options = libp2pOptionsOf({
    ...{ net, nodeSeed: randomBytes(32), mode: 'public', listen: ['/ip4/127.0.0.1/tcp/0'], announce: [] },
    ...{ mdns: false, topics: [], isRelay: false, relays: new RelayClient() },
  })
  const libp2p = await createLibp2p(options as unknown as Libp2pOptions)
  nodes.push(libp2p)
  return libp2p as unknown as Network
}

const idOf = ({ peerId }: Network) => peerId.toString() as PeerId

/** A node, of whose peers each is pinned. */
async function pinning(...peers: readonly Network[]) {
  const network = await start('test')
  const book = await PeerBook.open(join(await temporaryFolder(), 'peers.json'), () => {})
  for (const peer of peers) await book.pin({ peer: idOf(peer), addresses: peer.getMultiaddrs().map(String) })
  const { network: settings } = parseConfig({}, 'the test')
  const connections = new PeerConnections({ settings, book, network: () => network })
  const told: PeerId[] = []
  return {
    connections,
    /** Dials, and hears what the other says of itself. */
    async meet(peer: Network) {
      const connection = await network.dial(peer.getMultiaddrs(), { force: true })
      await network.services.connectedPeers.identified(idOf(peer), AbortSignal.timeout(10_000))
      return connection
    },
    /** Ends all connections. */
    async part(peer: Network) {
      const isGone = new Promise<void>(resolve => void network.services.connectedPeers.onDisconnect(() => resolve()))
      await network.hangUp(peer.peerId)
      await isGone
    },
    /** Of whom somebody who listens from now on is told. */
    toldOf() {
      connections.onConnect(peer => told.push(peer))()
      return told
    },
  }
}

test('a peer counts until it says that it is of another network', async () => {
  const [friend, foreign] = [await start('test'), await start('another')]
  const { connections, meet, toldOf } = await pinning(friend, foreign)
  expect([...connections.known()]).toEqual([friend, foreign].map(idOf))
  const before: (readonly PeerId[])[] = []
  const stop = connections.onConnect(() => before.push(connections.connected()))
  await meet(foreign)
  stop()
  expect(before).toEqual([[idOf(foreign)]])
  expect([connections.connected(), connections.all()]).toEqual([[], [idOf(foreign)]])
  await meet(friend)
  const ofUse = [idOf(friend)]
  expect([connections.connected(), [...connections.known()], toldOf()]).toEqual([ofUse, ofUse, ofUse])
  expect(new Set(connections.all())).toEqual(new Set([friend, foreign].map(idOf)))
})

test('who listens hears that a peer is gone when it turns out to be of another network, and no more of it when it leaves', async () => {
  const [friend, foreign] = [await start('test'), await start('another')]
  const { connections, meet, part } = await pinning(friend, foreign)
  const heard: string[] = []
  const stop = connections.onConnect(
    (peer, direction) => heard.push(`${direction} ${peer}`),
    peer => heard.push(`gone ${peer}`),
  )
  await meet(foreign)
  expect(heard).toEqual([`outbound ${idOf(foreign)}`, `gone ${idOf(foreign)}`])
  expect(connections.all()).toEqual([idOf(foreign)])
  // Heard of in no other way, whatever it says over one more connection.
  await meet(foreign)
  await part(foreign)
  expect(heard.splice(0)).toHaveLength(2)
  await meet(friend)
  await part(friend)
  expect(heard).toEqual([`outbound ${idOf(friend)}`, `gone ${idOf(friend)}`])
  stop()
  await meet(friend)
  expect(heard).toHaveLength(2)
})
