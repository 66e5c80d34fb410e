import type { BlockId, PackageName, PackageState, PeerId, PublisherId } from '../../protocol/index.ts'
import { unlessDamaged } from '../library/stored-bodies.ts'
import type { NodeContext } from '../node-context.ts'
import { isFoundWanting } from './found-wanting.ts'
import { type Holders, NOBODY_ASKED } from './holders.ts'
import { mayHold, newestLiveOf } from './release-holders.ts'
import { MAX_STATED, type StatedHolder, statedCopiesOf } from './stated-holders.ts'

/** A node that is signed to hold a publisher's bytes, or this one. */
export interface Mirror {
  readonly peer: PeerId
  readonly isSelf: boolean
  readonly connected: boolean
  /** Artifacts of the publisher that it is signed to hold; null: all. */
  readonly parts: number | null
  /** What the last spot check of it showed, and when, ISO 8601; null: it was not checked yet. */
  readonly checked: { readonly outcome: string; readonly at: string } | null
}

/** How many copies of a package's newest release there are, as far as this node knows. */
export interface Replication {
  /** This node's, and those of mirrors that were not found wanting. */
  readonly copies: number
  /** Of them this node's own, and those of mirrors that passed a spot check. */
  readonly proven: number
  /** Peers beyond `copies` that said just now that they have it: their own word, which is no copy to count on. */
  readonly answered: number
  /** How many this node was told are enough; null: it keeps everything, or nothing. */
  readonly wanted: number | null
}

/** Who holds bytes of a publisher. */
export interface Holdings {
  readonly publisher: PublisherId
  readonly mirrors: readonly Mirror[]
  /** Roots held by those mirrors that hold only some. */
  readonly parts: ReadonlyMap<PeerId, ReadonlySet<BlockId>>
}

/**
 * This node if it keeps a publisher's bytes, and every peer that is signed to, whole mirrors first; of those that hold only some,
 * whoever holds some of these packages. To read thousands keeps everything else waiting.
 */
export function holdingsOf(
  node: NodeContext,
  publisher: PublisherId,
  packages: Iterable<PackageName> = node.library.catalogue.publisher(publisher)?.packages.keys() ?? [],
): Holdings {
  const connected = new Set(node.connectedPeers())
  const isKept = publisher === node.writer.publisher || node.relations.relationOf(publisher).mirror
  const self: Mirror = {
    peer: node.libp2p.peerId.toString() as PeerId,
    ...{ isSelf: true, connected: true, parts: null, checked: null },
  }
  const mirrorOf = (peer: PeerId, parts: number | null): Mirror => {
    const check = node.holders.of(publisher, peer)
    const checked = check && { outcome: check.outcome, at: new Date(check.at).toISOString() }
    return { peer, isSelf: false, connected: connected.has(peer), parts, checked }
  }
  const stated = statedCopiesOf(node, publisher)
  const whole = stated.filter(({ isWhole }) => isWhole).slice(0, MAX_STATED)
  const partial = stated.filter(({ isWhole }) => !isWhole)
  const parts = partial.length === 0 ? new Map() : partsOf(partial, rootsOf(node, publisher, packages))
  const others = [
    ...whole.map(({ peer }) => mirrorOf(peer, null)),
    ...[...parts].map(([peer, { size }]) => mirrorOf(peer, size)),
  ]
  return { publisher, mirrors: [...(isKept ? [self] : []), ...others], parts }
}

/** Of peers that are signed to hold single artifacts, those that hold any of these. */
function partsOf(
  partial: readonly StatedHolder[],
  roots: ReadonlySet<BlockId>,
): ReadonlyMap<PeerId, ReadonlySet<BlockId>> {
  const held = partial.map(({ peer, cids }) => [peer, roots.intersection(cids)] as const)
  return new Map(held.filter(([, { size }]) => size > 0))
}

function rootsOf({ library }: NodeContext, publisher: PublisherId, packages: Iterable<PackageName>): Set<BlockId> {
  const states = [...packages].flatMap(name => unlessDamaged(() => library.package(publisher, name)) ?? [])
  const named = states.flatMap(({ releases }) => [...releases.values()].flatMap(({ artifacts }) => artifacts))
  return new Set(named.map(({ artifact }) => artifact.cid))
}

/**
 * The copies of the newest live release; null for a package without one. Who is on the list of a listed release signs
 * nothing of what it has, so of such a one all `holders` count that were found.
 */
export async function replicationOf(
  node: NodeContext,
  { publisher, mirrors, parts }: Holdings,
  state: PackageState,
  holders: Holders = NOBODY_ASKED,
): Promise<Replication | null> {
  const newest = newestLiveOf(state)
  if (newest === null) return null
  const held = await Promise.all(newest.artifacts.map(({ artifact }) => node.artifacts.has(artifact.sha256)))
  const own = held.every(Boolean) ? 1 : 0
  const holdsAll = ({ peer }: Mirror): boolean => {
    const cids = parts.get(peer)
    return cids === undefined || newest.artifacts.every(({ artifact }) => cids.has(artifact.cid))
  }
  const mayBe = mayHold(node, publisher, newest)
  const others = mirrors.filter(each => !each.isSelf && mayBe(each.peer) && holdsAll(each))
  const trusted = others.filter(({ checked }) => checked === null || checked.outcome === 'held')
  const proven = trusted.filter(({ checked }) => checked !== null)
  const copies = new Set(trusted.map(({ peer }) => peer))
  if (newest.visibility === 'listed') for (const peer of holders.all) copies.add(peer)
  copies.delete(node.libp2p.peerId.toString() as PeerId)
  const now = Date.now()
  const answered = holders.answered.filter(peer => !copies.has(peer) && !isFoundWanting(node, publisher, peer, now))
  const wanted = newest.visibility === 'public' ? (node.relations.relationOf(publisher).copies ?? null) : null
  return { copies: own + copies.size, proven: own + proven.length, answered: answered.length, wanted }
}
