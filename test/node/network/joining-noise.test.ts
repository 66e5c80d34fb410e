import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { MessageStream, MultiaddrConnection, Upgrader } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { joiningNoise } from '../../../src/node/network/joining-noise.ts'

const log = Object.assign(() => {}, { enabled: false, error: () => {}, trace: () => {}, newScope: () => log })
const logger = { forComponent: () => log }
const { signal } = new AbortController()
/** Changes what passes from the dialler to the listener. */
type Spoil = (bytes: Buffer, passed: number) => void

async function encrypter(make: typeof joiningNoise) {
  const privateKey = await generateKeyPair('Ed25519')
  const upgrader = { getStreamMuxers: () => new Map() }
  return make()({ privateKey, peerId: peerIdFromPrivateKey(privateKey), logger, upgrader } as never)
}

/** Hands on what comes in pieces cut in turn by `lengths`. */
async function passOn(from: Socket, to: Socket, lengths: readonly number[], spoil: Spoil): Promise<void> {
  let passed = 0
  let turn = 0
  for await (const chunk of from as AsyncIterable<Buffer>) {
    spoil(chunk, passed)
    for (let at = 0; at < chunk.byteLength; ) {
      const end = at + lengths[turn++ % lengths.length]!
      to.write(chunk.subarray(at, end))
      await nextTurn()
      at = end
    }
    passed += chunk.byteLength
  }
  to.end()
}

/** Two ends of one encrypted connection, over TCP that cuts anywhere. */
async function connected(dialler: typeof joiningNoise, listener: typeof joiningNoise, lengths: number[], spoil: Spoil) {
  const [out, into] = await Promise.all([encrypter(dialler), encrypter(listener)])
  const accepted = Promise.withResolvers<MessageStream>()
  const upgradeInbound = async (connection: MultiaddrConnection) => {
    accepted.resolve((await into.secureInbound(connection, { signal, skipStreamMuxerNegotiation: true })).connection)
  }
  const transport = tcp()({ logger } as never)
  const behind = transport.createListener({ upgrader: { upgradeInbound } as unknown as Upgrader })
  await behind.listen(multiaddr('/ip4/127.0.0.1/tcp/0'))
  const port = Number(/\/tcp\/(\d+)/.exec(behind.getAddrs()[0]!.toString())![1])
  const cutter = createServer(socket => {
    const further = connect(port, '127.0.0.1').setNoDelay()
    for (const each of [socket.setNoDelay(), further]) each.on('error', () => {})
    passOn(socket, further, lengths, spoil).catch(() => further.destroy())
    passOn(further, socket, lengths, () => {}).catch(() => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(cutter, 'listening')
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${(cutter.address() as AddressInfo).port}`)
  const upgradeOutbound = async (connection: MultiaddrConnection) => connection
  const bare = (await transport.dial(address, {
    signal,
    upgrader: { upgradeOutbound } as unknown as Upgrader,
  })) as unknown as MultiaddrConnection
  const dialled = (await out.secureOutbound(bare, { signal, skipStreamMuxerNegotiation: true })).connection
  return {
    dialled,
    accepted: accepted.promise,
    async [Symbol.asyncDispose]() {
      bare.abort(new Error('done'))
      cutter.close()
      await behind.close()
    },
  }
}

/** All bytes that a connection brings, from now on. */
function reading(connection: MessageStream): { bytes(): Buffer } {
  const parts: Buffer[] = []
  connection.addEventListener('message', ({ data }) => void parts.push(Buffer.from(data.subarray())))
  return { bytes: () => Buffer.concat(parts) }
}

const both = [joiningNoise, noise as typeof joiningNoise] as const
const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(65_518, 65_519, 65_520, 150_000)), {
  minLength: 1,
  maxLength: 5,
})
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1_000, max: 70_000 })), {
  minLength: 2,
  maxLength: 9,
})
const contents = (bytes: number, mark: number) => Buffer.alloc(bytes, Buffer.from([mark, 1, 2, 3, 5, 8, 13]))

test('it speaks with libp2p’s noise and with itself, wherever the bytes are cut, from the first behind the handshake', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...both),
      fc.constantFrom(...both),
      sizes,
      sizes,
      cuts,
      async (a, b, there, back, at) => {
        // One long piece a turn, or the small ones take seconds.
        await using pair = await connected(a, b, [...at, 30_000], () => {})
        const { dialled } = pair
        const heard = reading(dialled)
        const said = there.map(contents)
        for (const each of said) dialled.send(each)
        const accepted = await pair.accepted
        const arrived = reading(accepted)
        const answered = back.map(contents)
        for (const each of answered) accepted.send(each)
        await vi.waitFor(() => expect(arrived.bytes().equals(Buffer.concat(said))).toBe(true), { timeout: 20_000 })
        await vi.waitFor(() => expect(heard.bytes().equals(Buffer.concat(answered))).toBe(true), { timeout: 20_000 })
      },
    ),
    { numRuns: 20 },
  )
}, 120_000)

test.each([
  ['its own', joiningNoise],
  ['libp2p’s', noise as typeof joiningNoise],
])(
  'one bit that is another behind the handshake ends the connection, and nothing from there on is delivered (%s)',
  async (_, dialler) => {
    let spoilt = false
    let isBehind = false
    const spoil: Spoil = bytes => {
      if (!isBehind || spoilt) return
      spoilt = true
      bytes[bytes.byteLength >> 1]! ^= 4
    }
    await using pair = await connected(dialler, joiningNoise, [9_000], spoil)
    const accepted = await pair.accepted
    const arrived = reading(accepted)
    isBehind = true
    pair.dialled.send(contents(5_000, 1))
    await vi.waitFor(() => expect(accepted.status).toBe('aborted'), { timeout: 20_000 })
    expect(arrived.bytes().byteLength).toBe(0)
  },
)
