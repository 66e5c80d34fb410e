import { askPeers, systemClock, type VerifiedHit, verifyHit } from '../../federation/index.ts'
import { hasExpired, type PublisherId, parsePurl } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

type PeerQuery = Parameters<typeof askPeers>[1]

/** Hits wanted when one package is looked for: all that a peer sends. */
const MAX_SOUGHT = 50

/** Asks connected peers until the deadline; what verifies and is believed here is remembered as seen. */
export async function askFederation(node: NodeContext, query: Omit<PeerQuery, 'peers' | 'deadlineMs'>) {
  const peers = node.connectedPeers()
  if (peers.length === 0) return { hits: [], peers: { asked: 0, answered: 0 } }
  const now = Date.now()
  const answer = await askPeers(
    {
      request: (peer, protocol, payload, options) => node.streams.request(peer, protocol, payload, options),
      verify: hit => verifyHit(hit, { net: node.net }),
      accepts: hit => isBelieved(node, hit, now),
      protocol: node.protocols.search,
      clock: systemClock,
      onOffence: (peer, code) => node.streams.reportOffence(peer, code),
    },
    { ...query, peers, deadlineMs: node.config.search.deadlineMs },
  )
  for (const hit of answer.hits) node.seen.add(hit)
  return answer
}

/** Asks peers who publishes a package that is not known here; blocked publishers are left out. */
export async function seekPublishers(node: NodeContext, name: string): Promise<readonly PublisherId[]> {
  const parsed = parsePurl(name)
  if (!parsed.ok) return []
  const { name: text, type, package: wanted } = parsed.value
  const { hits } = await askFederation(node, { text, k: MAX_SOUGHT, type })
  return [...new Set(hits.filter(hit => hit.package === wanted).map(({ publisher }) => publisher))]
}

/** Whether a verified hit may be shown: not of a blocked publisher, not expired, not known better here. */
function isBelieved(node: NodeContext, hit: VerifiedHit, now: number): boolean {
  const { block } = node.relations.relationOf(hit.publisher)
  return !block && !hasExpired(hit.expires, now) && !isRefuted(node, hit)
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
