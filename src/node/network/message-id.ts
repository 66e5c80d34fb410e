import { createHash } from 'node:crypto'

/** Gossip message id: sha-256 of framed topic length, topic and data, so that no two messages of two topics collide. */
export function framedMessageId(topic: string, data: Uint8Array): Uint8Array {
  const name = Buffer.from(topic, 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(name.length)
  return createHash('sha256').update(length).update(name).update(data).digest()
}
