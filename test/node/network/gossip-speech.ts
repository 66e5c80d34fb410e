import { randomBytes } from 'node:crypto'
import { RPC } from '@libp2p/gossipsub/message'
import type { Stream } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { topicsOf } from '../../../src/protocol/index.ts'

export const NET = 'main'
export const TOPICS = topicsOf(NET)
export const [TOPIC] = TOPICS as [string]

/** A node of the network without what is above it. */
export async function startLibp2p(): Promise<Network> {
  const place = { listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], mdns: false, peers: [], topics: TOPICS }
  return (await createLibp2p(
    libp2pOptionsOf({ net: NET, nodeSeed: randomBytes(32), mode: 'public', ...place }),
  )) as Network
}

type Spoken = Partial<Parameters<typeof RPC.encode>[0]>
/** What a peer says on a gossip stream, with its length. */
export const rpc = (spoken: Spoken) => framed(RPC.encode({ subscriptions: [], messages: [], ...spoken }))
export const saying = (data: Uint8Array, topic = TOPIC) => rpc({ messages: [{ topic, data }] })

export function framed(bytes: Uint8Array): Uint8Array {
  const length: number[] = []
  for (let left = bytes.length; ; left >>= 7) {
    length.push(left > 127 ? (left & 127) | 128 : left)
    if (left <= 127) break
  }
  return Uint8Array.of(...length, ...bytes)
}

export async function sayAll(stream: Stream, messages: Iterable<Uint8Array>): Promise<void> {
  for (const message of messages) {
    if (stream.status !== 'open') return
    if (!stream.send(message)) await new Promise(resolve => setImmediate(resolve))
  }
}
