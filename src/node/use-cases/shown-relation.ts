import { type PublisherId, relationText } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

/** How a publisher stands here, for people. */
export interface ShownRelation {
  /** `self`, `unknown` of one that is here because everything is followed, else its relation. */
  readonly relation: string
  /** Of an unknown one: the setting whose quota it spent, and until when nothing more of it is taken in, ISO 8601; null: for good. */
  readonly spent?: { readonly setting: string; readonly until: string | null }
}

export function shownRelationOf(node: NodeContext, id: PublisherId): ShownRelation {
  if (id === node.writer.publisher) return { relation: 'self' }
  const unknown = node.everything()?.publishers
  if (unknown === undefined || !unknown.isUnknown(id)) return { relation: relationText(node.relations.relationOf(id)) }
  const spent = unknown.spentOf(id)
  if (spent === null) return { relation: 'unknown' }
  const until = spent.until === null ? null : new Date(spent.until).toISOString()
  return { relation: 'unknown', spent: { setting: `follow.${spent.quota}`, until } }
}
