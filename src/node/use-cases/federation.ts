import { setImmediate } from 'node:timers/promises'
import { type PeerId, type PublisherId, shortNameOf } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { type ClaimedMirrors, claimedMirrors } from './claimed-mirrors.ts'
import { holdingsOf, type Mirror } from './holdings.ts'
import { readPackages } from './read-packages.ts'
import { type Replication, replicationOf } from './replication.ts'
import { type ShownRelation, shownRelationOf } from './shown-relation.ts'

/** Packages of one publisher whose copies are counted, the first by when they were heard of; those least copied are shown first. */
const MAX_COUNTED_PACKAGES = 1_000
/** Packages shown of each, unless one publisher is asked for. */
const MAX_SHOWN_PACKAGES = 5

interface PackageCopies extends Omit<Replication, 'answered'> {
  readonly package: string
}

/** Two rounds of asking peers and room, ms: what a peer confirmed since is fresh. */
const FRESH_MS = 90_000

/** How current what is known of a publisher is. `fresh`: a peer that holds it confirmed it just now; `unknown`: none did since the start. */
interface Freshness {
  readonly state: 'own' | 'fresh' | 'stale' | 'unknown'
  /** Seconds since a peer confirmed it. */
  readonly age: number | null
}

/** One publisher that this node follows, or its own. */
interface FederatedPublisher extends ShownRelation {
  readonly id: PublisherId
  readonly name: string | null
  /** Feeds of which records are here. */
  readonly feeds: number
  readonly packages: number
  /** Of how many of them the copies were counted: the first thousand. */
  readonly counted: number
  readonly freshness: Freshness
  readonly mirrors: readonly Mirror[]
  /** Connected peers that say of themselves that they mirror it, and nothing else here says so: not counted. */
  readonly claimed: readonly PeerId[]
  /** Copies that this node was told are enough; null: it keeps everything, or nothing. */
  readonly wanted: number | null
  /** How many packages have so many copies, by number of copies. */
  readonly spread: Readonly<Record<number, number>>
  /** The packages with the fewest copies. */
  readonly least: readonly PackageCopies[]
}

/** Who mirrors what, and how many copies there are of each package; with `publisher`, of that one alone, in full. @throws NodeError E_NOT_FOUND */
export async function showFederation(node: NodeContext, publisher: string | undefined): Promise<object> {
  const one = publisher === undefined ? null : node.relations.resolve(publisher)
  const isFollowed = (id: PublisherId) => id === node.writer.publisher || node.relations.relationOf(id).follow
  const shown = one === null ? [node.writer.publisher, ...node.relations.known()].filter(isFollowed) : [one]
  const publishers: FederatedPublisher[] = []
  const claims = claimedMirrors(node)
  const most = one === null ? MAX_SHOWN_PACKAGES : MAX_COUNTED_PACKAGES
  for (const id of new Set(shown)) {
    publishers.push(await publisherOf(node, id, most, claims))
    // Others have their turn between two of them.
    await setImmediate()
  }
  if (one !== null && publishers.every(isUnheardOf)) {
    throw new NodeError('E_NOT_FOUND', `${publisher} is not followed, and no record of it is here`, {
      hint: `hanse follow ${one}`,
    })
  }
  return { network: { id: node.net, mode: node.config.network.mode }, peers: node.connectedPeers().length, publishers }
}

/** Neither has anybody here a relation to it, nor is a record of it here, nor says a peer that it mirrors it. */
const isUnheardOf = ({ relation, packages, feeds, mirrors, claimed }: FederatedPublisher): boolean =>
  relation === 'none' && packages + feeds + mirrors.length + claimed.length === 0

async function publisherOf(
  node: NodeContext,
  id: PublisherId,
  shown: number,
  claims: ClaimedMirrors,
): Promise<FederatedPublisher> {
  const catalogue = node.library.catalogue.publisher(id)
  const names = [...(catalogue?.packages.keys() ?? [])]
  const holdings = await holdingsOf(node, id, names)
  const counted: PackageCopies[] = []
  const first = names.slice(0, MAX_COUNTED_PACKAGES)
  for await (const state of readPackages(node, id, first)) {
    const replication = await replicationOf(node, holdings, state)
    if (replication === null) continue
    // Nobody is asked, so that nobody answered.
    const { answered: _, ...known } = replication
    counted.push({ package: shortNameOf(state.package), ...known })
  }
  const signed = new Set(holdings.mirrors.map(({ peer }) => peer))
  const spread: Record<number, number> = {}
  for (const { copies } of counted) spread[copies] = (spread[copies] ?? 0) + 1
  return {
    ...{
      id,
      name: node.relations.localNameOf(id),
      feeds: catalogue?.feeds.length ?? 0,
      packages: names.length,
      counted: first.length,
    },
    ...{ freshness: freshnessOf(node, id), mirrors: holdings.mirrors, spread },
    claimed: (claims.get(id) ?? []).filter(peer => !signed.has(peer)),
    wanted: node.relations.relationOf(id).copies ?? null,
    ...shownRelationOf(node, id),
    least: counted.toSorted((a, b) => a.copies - b.copies || a.proven - b.proven).slice(0, shown),
  }
}

function freshnessOf(node: NodeContext, id: PublisherId): Freshness {
  if (id === node.writer.publisher) return { state: 'own', age: null }
  const { ageMs, isMissing } = node.confirmed(id)
  if (ageMs === null) return { state: 'unknown', age: null }
  return { state: ageMs < FRESH_MS && !isMissing ? 'fresh' : 'stale', age: Math.round(ageMs / 1_000) }
}
