import { randomBytes } from 'node:crypto'
import { RPC } from '@libp2p/gossipsub/message'
import type { Stream } from '@libp2p/interface'
import { encodeAnnouncement } from '../../src/protocol/index.ts'
import { MadePublisher } from '../bench/federated-search-nodes/made-publisher.ts'
import { TOPIC } from './bare-peer.ts'

/** Bytes behind their length. */
export function framed(bytes: Uint8Array): Uint8Array {
  const length: number[] = []
  for (let left = bytes.length; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.concat([Uint8Array.of(...length, left), bytes])
    length.push((left % 128) | 128)
  }
}

type Spoken = Partial<Parameters<typeof RPC.encode>[0]>
const rpc = (spoken: Spoken) => framed(RPC.encode({ subscriptions: [], messages: [], ...spoken }))

/** A gossip message. */
export const saying = (data: Uint8Array): Uint8Array => rpc({ messages: [{ topic: TOPIC, data }] })

/** Subscriptions to topics nobody has. */
export const subscribing = (count: number): Uint8Array =>
  rpc({
    subscriptions: Array.from({ length: count }, () => ({ subscribe: true, topic: randomBytes(9).toString('hex') })),
  })

const publisher = new MadePublisher()
const made = { purl: 'pkg:npm/forged@1.0.0', name: 'forged', description: 'x'.repeat(400), keywords: [] }
const good = publisher.release(made).envelope

/** A good announcement of a publisher nobody follows. */
export const goodAnnouncement = (): Uint8Array =>
  encodeAnnouncement({ k: 'record', envelope: publisher.release(made).envelope })

/** An announcement of good shape, another each time, with a bad signature. */
export function badSignature(): Uint8Array {
  const envelope = Uint8Array.from(good)
  envelope.set(randomBytes(8), envelope.length - 12)
  return encodeAnnouncement({ k: 'record', envelope })
}

/** A bitswap want-list of CIDs nobody has. */
export function wanting(count: number): Uint8Array {
  const entries = Array.from({ length: count }, () => {
    const cid = Buffer.concat([Uint8Array.of(1, 0x55, 0x12, 32), randomBytes(32)])
    return field(1, Buffer.concat([field(1, cid), Uint8Array.of(16, 1, 32, 1, 40, 1)]))
  })
  return framed(field(1, Buffer.concat(entries)))
}

const field = (number: number, bytes: Uint8Array) => Buffer.concat([Uint8Array.of((number << 3) | 2), framed(bytes)])

/** Sends as fast as the stream takes it. @throws when it is closed */
export async function send(stream: Stream, message: Uint8Array): Promise<void> {
  if (stream.status !== 'open') throw new Error('closed')
  if (!stream.send(message)) await stream.onDrain({ signal: AbortSignal.timeout(5_000) })
}
