import type { PublisherId, Relation } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { authorityOf } from './join-members.ts'
import type { Federation } from './join-network.ts'

/** Whether anything that this node serves may rest on a publisher's word. */
export const isInstallableFrom = ({ allow, origin }: Pick<Relation, 'allow' | 'origin'>): boolean =>
  allow !== 'none' || origin

/** Follows, mirrors, signs that it does, and announces, as the relations say now. */
export function applyRelations(
  node: NodeContext,
  { sync, discovery, mirror, snapshots, everything }: Federation,
): void {
  const { relations, config, writer, library } = node
  const known = relations.known()
  const isOwn = (publisher: PublisherId) => publisher === writer.publisher
  const authority = authorityOf(node)
  const isFollowed = (publisher: PublisherId) =>
    [writer.publisher, authority].includes(publisher) ||
    relations.relationOf(publisher).follow ||
    everything?.publishers.isFollowed(publisher)
  for (const publisher of known) if (!isFollowed(publisher)) sync.unfollow(publisher)
  const always = authority === null || isOwn(authority) ? [] : [authority]
  const followed = [...new Set([...always, ...known.filter(publisher => relations.relationOf(publisher).follow)])]
  const ready = [...always, ...snapshots.ready(followed)]
  // What may be installed is asked for first, and does not wait for a snapshot.
  const installable = followed.filter(publisher => isInstallableFrom(relations.relationOf(publisher)))
  // The own publisher may have feeds of other nodes: those before a restore, or of another writer.
  sync.follow([...new Set([writer.publisher, ...installable, ...ready])])
  const mirrored = followed.filter(publisher => relations.relationOf(publisher).mirror)
  const own: readonly PublisherId[] = library.access.hasPublicPackage(writer.publisher) ? [writer.publisher] : []
  if (config.network.mode !== 'off') discovery.serve(followed, [...own, ...mirrored])
  node.copies.stale()
  mirror.look()
  node.holding.look()
}
