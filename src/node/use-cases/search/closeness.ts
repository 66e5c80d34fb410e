import type { PublisherId } from '../../../protocol/index.ts'
import type { NodeContext } from '../../node-context.ts'

const ALLOWED = 1
const MIRRORED = 0.8
const FOLLOWED = 0.6

/** How close a publisher is to this node, 0 to 1: itself and who is allowed, then who is mirrored, then who is followed. */
export function closenessOf(
  { relations, writer }: Pick<NodeContext, 'relations' | 'writer'>,
  publisher: string,
): number {
  if (publisher === writer.publisher) return ALLOWED
  const { allow, mirror, follow, block } = relations.relationOf(publisher as PublisherId)
  if (block) return 0
  if (allow !== 'none') return ALLOWED
  if (mirror) return MIRRORED
  return follow ? FOLLOWED : 0
}
