import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'

/** A peer id as people give it. @throws NodeError E_USAGE */
export function parsePeerIdText(text: string): PeerId {
  try {
    const id = peerIdFromString(text).toString()
    if (id === text) return id as PeerId
  } catch {
    // Told below.
  }
  throw new NodeError('E_USAGE', `${text.slice(0, 80)} is no peer id`, {
    hint: 'hanse status of the node in question says it: 12D3KooW…',
  })
}
