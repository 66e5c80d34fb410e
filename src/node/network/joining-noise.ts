import type { MessageStream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { defaultCrypto } from '@libp2p/noise/crypto'
import { direct, readDirectly } from './direct-stream.ts'
import { LENGTH_BYTES, libsodiumCipher, opensslCipher, openWith, sealWith } from './noise-cipher.ts'
import { NoiseMessages } from './noise-messages.ts'
import { readInPlace } from './shared-reads.ts'

/** Longest plaintext of one message, bytes: a noise message without its tag. */
const MAX_PLAINTEXT_BYTES = 65_519
const TAG_BYTES = 16

const cipher = libsodiumCipher() ?? opensslCipher

/** What a connection of libp2p's noise has beyond its interface. */
interface NoiseConnection {
  readonly stream: MessageStream
  readonly handshake: {
    encrypt(plaintext: Pieces): Uint8Array
    decrypt(message: Uint8Array, into: Uint8Array): Uint8Array
  }
  decoder: { readonly buffer: Uint8Array | Iterable<Uint8Array> } | NoiseMessages
  decrypt(message: Uint8Array): Uint8Array
  sendData(data: Pieces): { sentBytes: number; canSendMore: boolean }
}
type Pieces = Iterable<Uint8Array> & { readonly byteLength: number; sublist(from: number, to: number): Pieces }

/**
 * libp2p's noise, with messages that are sealed and opened in place, in one piece each: libp2p makes lists of parts, an exception for
 * each read that ends with a message, and an OpenSSL key for each message. The handshake is its own, the bytes are the same.
 */
export function joiningNoise(): ReturnType<typeof noise> {
  const crypto = {
    ...defaultCrypto,
    chaCha20Poly1305Encrypt: sealWith(cipher),
    chaCha20Poly1305Decrypt: openWith(cipher),
  }
  const make = noise({ crypto })
  return components => {
    const encrypter = make(components)
    const secureInbound = encrypter.secureInbound.bind(encrypter)
    const secureOutbound = encrypter.secureOutbound.bind(encrypter)
    encrypter.secureInbound = async (...args) => joined(await secureInbound(...args))
    encrypter.secureOutbound = async (...args) => joined(await secureOutbound(...args))
    return encrypter
  }
}

function joined<T extends { readonly connection: MessageStream }>(secured: T): T {
  const connection = secured.connection as unknown as NoiseConnection
  const { handshake, stream } = connection
  const messages = new NoiseMessages()
  // Behind the handshake there may be the beginning of a message already.
  const begun = 'buffer' in connection.decoder ? [...messages.decode(connection.decoder.buffer)] : []
  if (begun.length > 0) throw new TypeError('a whole message was left behind by noise')
  connection.decoder = messages
  readInPlace(stream)
  connection.decrypt = message =>
    handshake.decrypt(message, message.subarray(0, Math.max(0, message.byteLength - TAG_BYTES)))
  connection.sendData = data => {
    const sentBytes = data.byteLength
    let canSendMore = true
    for (let at = 0; at < sentBytes; at += MAX_PLAINTEXT_BYTES) {
      const part =
        sentBytes <= MAX_PLAINTEXT_BYTES ? data : data.sublist(at, Math.min(at + MAX_PLAINTEXT_BYTES, sentBytes))
      canSendMore = stream.send(withLength(handshake.encrypt(part)))
    }
    return { sentBytes, canSendMore }
  }
  const data = connection as unknown as { onData(data: Uint8Array): void }
  readDirectly(stream, came => {
    try {
      for (const message of messages.decode(came)) data.onData(connection.decrypt(message))
    } catch (error) {
      secured.connection.abort(error as Error)
    }
  })
  direct(secured.connection, () => MAX_PLAINTEXT_BYTES)
  return secured
}

/** As `sealWith` left it: behind its length. */
const withLength = (message: Uint8Array): Uint8Array =>
  Buffer.from(message.buffer, message.byteOffset - LENGTH_BYTES, message.byteLength + LENGTH_BYTES)
