import { randomBytes } from 'node:crypto'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p, type Libp2pOptions } from 'libp2p'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { DhtTurns } from '../../../src/node/network/dht-turns.ts'
import { libp2pOptionsOf } from '../../../src/node/network/network.ts'
import { DHT_DIALS } from '../../../src/node/network/quiet-dht.ts'

/** The inside of the DHT that this looks at. */
interface Table {
  add(peer: PeerId): Promise<void>
  find(peer: PeerId): Promise<PeerId | undefined>
  readonly closestPeerTagger: { updatePeerTags(): Promise<void> }
}

interface Asking {
  sendRequest(to: PeerId, message: object, options: object): AsyncIterable<{ readonly error?: Error }>
}

const nodes: Libp2p[] = []
afterAll(async () => await Promise.all(nodes.map(async node => await node.stop())))

afterEach(() => void vi.useRealTimers())

async function start(): Promise<Libp2p> {
  const options = libp2pOptionsOf({
    ...{ net: 'test', nodeSeed: randomBytes(32), mode: 'public', listen: ['/ip4/127.0.0.1/tcp/0'], announce: [] },
    ...{ mdns: false, topics: [], isRelay: false },
  })
  const libp2p = await createLibp2p(options as unknown as Libp2pOptions)
  nodes.push(libp2p)
  return libp2p
}

const tableOf = (node: Libp2p) => (node.services.dht as unknown as { readonly routingTable: Table }).routingTable

test('a peer that an answer of the DHT names is not dialled for the routing table, and one that was met is in it', async () => {
  const [a, b] = [await start(), await start()]
  await a.peerStore.merge(b.peerId, { multiaddrs: b.getMultiaddrs() })
  await tableOf(a).add(b.peerId)
  expect(a.getConnections()).toEqual([])
  expect(await tableOf(a).find(b.peerId)).toBeUndefined()
  await a.dial(b.peerId)
  await tableOf(a).add(b.peerId)
  expect((await tableOf(a).find(b.peerId))?.toString()).toBe(b.peerId.toString())
})

test('who is next to this node in the DHT is not called back after somebody hung up', async () => {
  const [a, b] = [await start(), await start()]
  await a.dial(b.getMultiaddrs())
  await tableOf(a).add(b.peerId)
  const marks = async () => {
    await tableOf(a).closestPeerTagger.updatePeerTags()
    return [...(await a.peerStore.get(b.peerId)).tags.keys()].toSorted()
  }
  await expect.poll(marks).toEqual(['kad-close', 'kad-peer'])
})

/** Why requests of the DHT to a peer failed. */
const askerOf = (node: Libp2p) => async (to: PeerId) => {
  const { network } = node.services.dht as unknown as { readonly network: Asking }
  const words: string[] = []
  const message = { type: 'FIND_NODE', key: randomBytes(32), closer: [], providers: [] }
  for await (const { error } of network.sendRequest(to, message, {
    path: { index: 0, queued: 0, running: 0, total: 1 },
  }))
    if (error) words.push(error.message)
  return words
}

test('whoever is asked is asked in its turn', async () => {
  const [a, b] = [await start(), await start()]
  await a.dial(b.getMultiaddrs())
  const turn = vi.spyOn(DhtTurns.prototype, 'turn').mockRejectedValue(new Error('not its turn'))
  expect(await askerOf(a)(b.peerId)).toEqual(['not its turn'])
  expect(turn.mock.lastCall?.[0]).toBe(`${b.peerId}`)
})

test('of made-up peers that answers name few are dialled, and whoever was met is asked all the same', async () => {
  const [a, b] = [await start(), await start()]
  await a.dial(b.getMultiaddrs())
  const failuresOf = askerOf(a)
  const refused: string[] = []
  vi.useFakeTimers({ toFake: ['performance'] }) // no time passes
  for (let n = 0; n < DHT_DIALS.burst + 100; n++) {
    const madeUp = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
    await a.peerStore.merge(madeUp, { multiaddrs: [multiaddr('/ip4/127.0.0.1/tcp/1')] })
    refused.push(...(await failuresOf(madeUp)).filter(words => words.startsWith('too many peers')))
  }
  expect(refused).toHaveLength(100)
  expect(await failuresOf(b.peerId)).toEqual([])
})
