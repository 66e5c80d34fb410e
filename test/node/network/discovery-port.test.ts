import { randomBytes } from 'node:crypto'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { afterAll, expect, test } from 'vitest'
import { discoveryPortOf } from '../../../src/node/network/discovery-port.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { RelayClient } from '../../../src/node/network/relay/relay-client.ts'

const nodes: Libp2p[] = []
afterAll(async () => await Promise.all(nodes.map(async node => await node.stop())))

async function start() {
  const options = libp2pOptionsOf({
    ...{ net: 'test', nodeSeed: randomBytes(32), mode: 'public', listen: ['/ip4/127.0.0.1/tcp/0'], announce: [] },
    ...{ mdns: false, topics: [], isRelay: false, relays: new RelayClient() },
  })
  const libp2p = await createLibp2p(options as unknown as Libp2pOptions)
  nodes.push(libp2p)
  return libp2p
}

test.each([
  ['closed', false],
  ['cut', true],
] as const)('both sides of a connection that one %s are told so', async (how, wasCut) => {
  const [a, b] = [await start(), await start()]
  const told = [a, b].map(
    node =>
      new Promise(resolve => {
        discoveryPortOf(node as unknown as Network).onDisconnect((peer, isCut) => resolve([peer, isCut]))
      }),
  )
  const isThere = new Promise<void>(resolve => {
    discoveryPortOf(b as unknown as Network).onConnect(() => resolve())
  })
  const connection = await a.dial(b.getMultiaddrs())
  await isThere
  if (how === 'closed') await a.hangUp(b.peerId)
  else connection.abort(new Error('the peer is silent'))
  expect(await Promise.all(told)).toEqual([
    [b.peerId.toString(), wasCut],
    [a.peerId.toString(), wasCut],
  ])
})
