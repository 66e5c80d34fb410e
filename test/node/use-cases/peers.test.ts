import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { expect, test, vi } from 'vitest'
import { ApiClient } from '../../../src/cli/api-client.ts'
import { findRunFile } from '../../../src/cli/run-file.ts'
import { startNode } from '../../../src/node/index.ts'
import { libp2pOptionsOf } from '../../../src/node/network/network.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { peerOf } from './holder-world.ts'

/** A node with these settings of its network, and its API. */
async function nodeWith(...network: readonly string[]) {
  const home = await temporaryFolder()
  const settings = ['listen: [/ip4/127.0.0.1/tcp/0]', 'mdns: false', ...network]
  await writeFile(join(home, 'config.yaml'), `network: { ${settings.join(', ')} }\n`)
  const node = await startNode({ home, http: { host: '127.0.0.1', port: 0 } })
  const client = new ApiClient(node.ready.http, (await findRunFile(home))?.token)
  return {
    id: node.ready.peerId,
    address: node.ready.addresses[0]!,
    add: (multiaddr: string) => client.call('POST', '/api/peers', { body: { multiaddr } }),
    peers: () => client.call<readonly object[]>('GET', '/api/peers'),
    status: () => client.call('GET', '/api/status'),
    metrics: async () => await (await fetch(new URL('/metrics', node.ready.http))).text(),
    [Symbol.asyncDispose]: () => node[Symbol.asyncDispose](),
  }
}

/** Not a Hanse node at all: it has the transports and identify alone. */
async function plainPeer() {
  const own = { net: 'any', nodeSeed: randomBytes(32), mode: 'public', mdns: false, topics: [] } as const
  const { services, ...options } = libp2pOptionsOf({ ...own, listen: ['/ip4/127.0.0.1/tcp/0'], announce: [] })
  const plain = { ...options, services: { identify: services!.identify } }
  const libp2p = await createLibp2p(plain as unknown as Libp2pOptions)
  return {
    id: libp2p.peerId.toString(),
    address: libp2p.getMultiaddrs()[0]!.toString(),
    [Symbol.asyncDispose]: async () => await libp2p.stop(),
  }
}

test('a node that is not admitted is told so, and the other side counts it', async () => {
  await using closed = await nodeWith('mode: private', `allow: [${peerOf(9)}]`)
  await using stranger = await nodeWith(`bootstrap: ["${closed.address}"]`)
  const refused = {
    state: 'unreachable',
    why: expect.stringMatching(
      /^E_REFUSED: it hung up at once: it may keep this node out for a while, be of a private network/,
    ),
  }
  expect(await stranger.add(closed.address)).toMatchObject({ ...refused, connected: false })
  // It is dialled again and again, and connected for a moment each time.
  await vi.waitFor(async () => {
    expect(await stranger.peers()).toMatchObject([{ ...refused, id: closed.id, connected: false }])
    expect(await stranger.status()).toMatchObject({ health: expect.stringContaining('it hung up at once') })
  }, 30_000)
  expect(await closed.metrics()).toMatch(/^hanse_refusals_total\{code="connection not admitted"\} [1-9]/m)
})

test('a node of a private network that is not admitted is told whom to ask', async () => {
  await using closed = await nodeWith('mode: private', `allow: [${peerOf(9)}]`)
  await using stranger = await nodeWith('mode: private', `allow: [${closed.id}]`)
  const why = expect.stringMatching(/^E_REFUSED: it hung up at once: it may not admit this node; ask its operator/)
  expect(await stranger.add(closed.address)).toMatchObject({ why, connected: false })
})

test('a node of another network id, and a plain libp2p node, are connected and count as no peers', async () => {
  await using other = await nodeWith('id: elsewhere')
  await using plain = await plainPeer()
  await using friend = await nodeWith()
  await using node = await nodeWith(`bootstrap: ["${other.address}"]`)
  const foreign = {
    state: 'connected',
    connected: true,
    why: expect.stringMatching(/^E_OTHER_NETWORK: .* network main/),
  }
  expect(await node.add(other.address)).toMatchObject(foreign)
  expect(await node.add(plain.address)).toMatchObject(foreign)
  const peers = await node.peers()
  expect(peers).toHaveLength(2)
  for (const { id } of [other, plain]) expect(peers).toContainEqual(expect.objectContaining({ ...foreign, id }))
  expect(await node.status()).toMatchObject({ peers: 0, health: expect.stringContaining('E_OTHER_NETWORK') })
  expect(await node.metrics()).toMatch(/^hanse_peers 0$/m)
  expect(await node.add(friend.address)).not.toHaveProperty('why')
  expect(await node.status()).toMatchObject({ peers: 1 })
})
