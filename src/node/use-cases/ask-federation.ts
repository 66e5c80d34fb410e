import { askPeers, systemClock, type VerifiedHit, verifyHit } from '../../federation/index.ts'
import {
  hasExpired,
  heldTagOf,
  type PackageName,
  type PublisherId,
  parsePurl,
  type SearchHit,
} from '../../protocol/index.ts'
import { unlessDamaged } from '../library/stored-bodies.ts'
import type { NodeContext } from '../node-context.ts'

type PeerQuery = Parameters<typeof askPeers>[1]

/** Hits wanted when one package is looked for: all that a peer sends. */
const MAX_SOUGHT = 50

/** Asks connected peers until the deadline at the latest; what verifies and is believed here is remembered as seen. */
export async function askFederation(node: NodeContext, query: Omit<PeerQuery, 'peers' | 'deadlineMs'>) {
  const peers = node.connectedPeers()
  const now = Date.now()
  const followed = followedTagsOf(node)
  node.searches(followed, peer => node.searchMemory.peers.borneOut(peer))
  const answer = await askPeers(
    {
      request: (peer, protocol, payload, options) => node.streams.request(peer, protocol, payload, options),
      verify: hit => verifyHit(hit, node.searchMemory.records),
      accepts: hit => isBelieved(node, hit, now),
      isHeld: hit => isHeld(node, hit),
      lacks: tag => !followed.has(tag),
      known: node.searchMemory.peers,
      protocol: node.protocols.search,
      clock: systemClock,
      onOffence: (peer, code) => node.streams.reportOffence(peer, code),
    },
    { ...query, peers, deadlineMs: node.config.search.deadlineMs },
  )
  for (const hit of answer.hits) node.seen.add(hit)
  return answer
}

/** Asks peers who publishes a package; blocked publishers are left out. One held here that is not public is named to nobody. */
export async function seekPublishers(node: NodeContext, name: string): Promise<readonly PublisherId[]> {
  const parsed = parsePurl(name)
  if (!parsed.ok || isHidden(node, parsed.value.package)) return []
  const { name: text, type, package: wanted } = parsed.value
  const { hits } = await askFederation(node, { text, k: MAX_SOUGHT, type })
  return [...new Set(hits.filter(hit => hit.package === wanted).map(({ publisher }) => publisher))]
}

function isHidden({ library }: NodeContext, name: PackageName): boolean {
  const publishers = library.catalogue.publishersOf(name)
  const held = publishers.map(publisher => unlessDamaged(() => library.package(publisher, name))?.visibility)
  return held.length > 0 && !held.includes('public')
}

/** Publishers whose feeds come here by themselves. */
function followedTagsOf({ relations, writer }: NodeContext): ReadonlySet<string> {
  const followed = relations.known().filter(publisher => relations.relationOf(publisher).follow)
  return new Set([writer.publisher, ...followed].map(heldTagOf))
}

/** Whether the feed that releases it comes here by itself and is here: the index has found what there is to find. */
function isHeld({ relations, writer, library }: NodeContext, { publisher, purl }: SearchHit): boolean {
  if (publisher !== writer.publisher && !relations.relationOf(publisher).follow) return false
  const name = parsePurl(purl)
  return name.ok && library.catalogue.publishersOf(name.value.package).includes(publisher)
}

/** Whether a verified hit may be shown: not of a blocked publisher, not expired, not known better here. */
function isBelieved(node: NodeContext, hit: VerifiedHit, now: number): boolean {
  const { block } = node.relations.relationOf(hit.publisher)
  // What cannot be read here may refute it.
  return !block && !hasExpired(hit.expires, now) && unlessDamaged(() => isRefuted(node, hit)) === false
}

/** Whether records held here say that the release does not count: withdrawn, of a feed that ended, or never delegated to. */
function isRefuted({ library }: NodeContext, hit: VerifiedHit): boolean {
  const release = library.package(hit.publisher, hit.package)?.releases.get(hit.version)
  if (release !== undefined && release.state !== 'live') return true
  const [root, ...feeds] = library.catalogue.publisher(hit.publisher)?.feeds ?? []
  if (root === undefined) return false
  const feed = feeds.find(each => each.feed === hit.at.feed)
  // The root feed is here beyond the delegate that came with the hit, and that one does not count.
  if (feed === undefined) return root.end > hit.delegatedAt
  return feed.reason !== 'open' && release?.records.includes(hit.at.id) !== true
}
