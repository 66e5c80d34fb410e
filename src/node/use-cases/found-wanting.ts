import type { PeerId, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

/** Whether a peer failed its last check of a publisher's bytes, or did not bring what it was asked for of late; `now` in ms since 1970. */
export function isFoundWanting(node: NodeContext, publisher: PublisherId, peer: PeerId, now: number): boolean {
  const outcome = node.holders.of(publisher, peer)?.outcome ?? 'held'
  return outcome !== 'held' || node.absent.has(publisher, peer, now)
}
