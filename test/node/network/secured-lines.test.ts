import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { ConnectionEncrypter, MessageStream } from '@libp2p/interface'
import { tls } from '@libp2p/tls'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { expect, test } from 'vitest'
import { joiningNoise } from '../../../src/node/network/joining-noise.ts'
import { libp2pOptionsOf } from '../../../src/node/network/network.ts'
import { DATA, frame } from './raw-yamux.ts'

type MakeEncrypter = (components: never) => ConnectionEncrypter

/** A node that is told of offences, and one that sends a frame which names 4 GiB as soon as it is through the handshake. */
async function met(make: MakeEncrypter) {
  const told: string[] = []
  const own = { net: 'test', mode: 'public', announce: [], mdns: false, topics: [] } as const
  const optionsOf = (listen: readonly string[]) =>
    libp2pOptionsOf({
      ...{ ...own, listen, nodeSeed: randomBytes(32) },
      onYamuxOffence: (peer, what) => told.push(`${peer} ${what}`),
    })
  const node = await createLibp2p(optionsOf(['/ip4/127.0.0.1/tcp/0']) as unknown as Libp2pOptions)
  const { connectionEncrypters: _, ...options } = optionsOf([])
  const [yamux] = options.streamMuxers!
  const hostile = (components: never) => {
    const factory = yamux!(components)
    const create = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (line: MessageStream) => {
      line.send(frame(DATA, 0, 1, 0xffff_ffff))
      return create(line)
    }
    return factory
  }
  const streamMuxers = [hostile]
  const peer = await createLibp2p({
    ...options,
    streamMuxers,
    connectionEncrypters: [make],
  } as unknown as Libp2pOptions)
  return { node, peer, told, [Symbol.asyncDispose]: async () => void (await Promise.all([node.stop(), peer.stop()])) }
}

test.each([
  ['noise', joiningNoise()],
  ['TLS', tls()],
] as [string, MakeEncrypter][])(
  'who breaks yamux behind a handshake of %s is told by name, however early',
  async (_, make) => {
    await using it = await met(make)
    const dialled = await it.peer.dial(it.node.getMultiaddrs())
    if (dialled.status === 'open') await once(dialled, 'close')
    expect(it.told).toEqual([`${it.peer.peerId} frame too long`])
  },
)
