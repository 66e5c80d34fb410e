import { ED25519, ProtocolError, type SignatureCheck } from '../../protocol/index.ts'

const KEY_BYTES = 32
const SIGNATURE_BYTES = 64
const LENGTH_BYTES = 4

/**
 * Signature checks as one piece of memory of its own, to hand to another thread: for each key ‖ signature ‖ length of the message (u32,
 * big-endian) ‖ message.
 * @throws ProtocolError E_ALGORITHM, E_SIGNATURE for what no thread need look at
 */
export function packChecks(checks: readonly SignatureCheck[]): Uint8Array<ArrayBuffer> {
  let size = 0
  for (const { alg, publicKey, message, signature } of checks) {
    if (alg !== ED25519) throw new ProtocolError('E_ALGORITHM', `no implementation of algorithm ${alg}`)
    if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES)
      throw new ProtocolError('E_SIGNATURE', 'signature not valid')
    size += KEY_BYTES + SIGNATURE_BYTES + LENGTH_BYTES + message.length
  }
  const batch = Buffer.from(new ArrayBuffer(size))
  let at = 0
  for (const { publicKey, message, signature } of checks) {
    batch.set(publicKey, at)
    batch.set(signature, at + KEY_BYTES)
    at = batch.writeUInt32BE(message.length, at + KEY_BYTES + SIGNATURE_BYTES)
    batch.set(message, at)
    at += message.length
  }
  return batch as Uint8Array<ArrayBuffer>
}

/** The checks of a batch, as views into it. */
export function* unpackChecks(bytes: Uint8Array): Generator<SignatureCheck> {
  const batch = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < batch.length; ) {
    const signatureAt = at + KEY_BYTES
    const messageAt = signatureAt + SIGNATURE_BYTES + LENGTH_BYTES
    const end = messageAt + batch.readUInt32BE(messageAt - LENGTH_BYTES)
    yield {
      alg: ED25519,
      publicKey: batch.subarray(at, signatureAt),
      signature: batch.subarray(signatureAt, messageAt - LENGTH_BYTES),
      message: batch.subarray(messageAt, end),
    }
    at = end
  }
}
