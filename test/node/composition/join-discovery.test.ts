import { randomBytes } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { expect, test } from 'vitest'
import type { PeerAddress } from '../../../src/federation/index.ts'
import { lookForPeers } from '../../../src/node/composition/join-discovery.ts'
import { libp2pOptionsOf } from '../../../src/node/network/network.ts'
import { RelayClient } from '../../../src/node/network/relay/relay-client.ts'
import type { NodeContext } from '../../../src/node/node-context.ts'

const ADDRESS = '/ip4/192.0.2.7/tcp/7701'

test('the keeper hears of peers that mDNS found before it looked, and of those found since', async () => {
  const options = libp2pOptionsOf({
    ...{ net: 'test', nodeSeed: randomBytes(32), mode: 'public', listen: [], announce: [], mdns: false, topics: [] },
    ...{ isRelay: false, relays: new RelayClient() },
  })
  const libp2p = await createLibp2p(options as unknown as Libp2pOptions)
  const found = async () => {
    const id = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    await libp2p.peerStore.merge(id, { multiaddrs: [multiaddr(ADDRESS)] })
    return `${id}`
  }
  const heard: (readonly [string, PeerAddress])[] = []
  const discovery = {
    heard: (peers: readonly PeerAddress[], source: string) => heard.push(...peers.map(each => [source, each] as const)),
  } as unknown as Parameters<typeof lookForPeers>[2]
  const node = { config: { network: { mode: 'public', bootstrap: [] } }, peers: { all: () => [] }, libp2p }
  const before = await found()
  await lookForPeers(node as unknown as NodeContext, { anchors: { all: () => [] } } as never, discovery)
  const since = await found()
  await libp2p.stop()
  expect(heard.filter(([, { addresses }]) => addresses.length > 0)).toEqual(
    [before, since].map(peer => ['hint', { peer, addresses: [ADDRESS] }]),
  )
})
