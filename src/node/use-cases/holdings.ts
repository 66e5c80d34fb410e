import { setImmediate } from 'node:timers/promises'
import type { BlockId, PackageName, PeerId, PublisherId } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { countedCopiesOf } from './counted-copies.ts'
import { readPackages } from './read-packages.ts'
import { MAX_STATED, type StatedHolder, statedCopiesOf } from './stated-holders.ts'

/** From so many artifacts on, others have their turn after each holder whose part is looked for. */
const MANY_ROOTS = 1_000

/** A node that is signed to hold a publisher's bytes, or this one. */
export interface Mirror {
  readonly peer: PeerId
  readonly isSelf: boolean
  readonly connected: boolean
  /** Artifacts of the publisher that it is signed to hold; null: all. */
  readonly parts: number | null
  /** What the last spot check of it showed, and when, ISO 8601; null: it was not checked yet. */
  readonly checked: { readonly outcome: string; readonly at: string } | null
  /** Whether what it is signed to hold counts as a copy, here as where missing copies are made good. */
  readonly counted: boolean
}

/** Who holds bytes of a publisher. */
export interface Holdings {
  readonly publisher: PublisherId
  readonly mirrors: readonly Mirror[]
  /** Roots held by those mirrors that hold only some. */
  readonly parts: ReadonlyMap<PeerId, ReadonlySet<BlockId>>
}

/**
 * This node if it keeps a publisher's bytes, and every peer that is signed to, whole mirrors first, of them those that count; of those
 * that hold only some, whoever holds some of these packages, which are read for it.
 */
export async function holdingsOf(
  node: NodeContext,
  publisher: PublisherId,
  packages: readonly PackageName[],
): Promise<Holdings> {
  const connected = new Set(node.connectedPeers())
  const isKept = publisher === node.writer.publisher || node.relations.relationOf(publisher).mirror
  const self: Mirror = {
    peer: node.libp2p.peerId.toString() as PeerId,
    ...{ isSelf: true, connected: true, parts: null, checked: null, counted: true },
  }
  const stated = statedCopiesOf(node, publisher)
  const counted = new Set(countedCopiesOf(node, publisher, Date.now(), stated).map(({ peer }) => peer))
  const mirrorOf = (peer: PeerId, parts: number | null): Mirror => {
    const check = node.holders.of(publisher, peer)
    const checked = check && { outcome: check.outcome, at: new Date(check.at).toISOString() }
    return { peer, isSelf: false, connected: connected.has(peer), parts, checked, counted: counted.has(peer) }
  }
  const [whole, partial] = [stated.filter(({ isWhole }) => isWhole), stated.filter(({ isWhole }) => !isWhole)]
  const countedFirst = whole.toSorted((a, b) => Number(counted.has(b.peer)) - Number(counted.has(a.peer)))
  const parts = partial.length === 0 ? new Map() : await partsOf(partial, await rootsOf(node, publisher, packages))
  const others = [
    ...countedFirst.slice(0, MAX_STATED).map(({ peer }) => mirrorOf(peer, null)),
    ...[...parts].map(([peer, { size }]) => mirrorOf(peer, size)),
  ]
  return { publisher, mirrors: [...(isKept ? [self] : []), ...others], parts }
}

/** Of peers that are signed to hold single artifacts, those that hold any of these. */
async function partsOf(
  partial: readonly StatedHolder[],
  roots: ReadonlySet<BlockId>,
): Promise<ReadonlyMap<PeerId, ReadonlySet<BlockId>>> {
  const parts = new Map<PeerId, ReadonlySet<BlockId>>()
  for (const { peer, cids } of partial) {
    const held = roots.intersection(cids)
    if (held.size > 0) parts.set(peer, held)
    if (roots.size >= MANY_ROOTS) await setImmediate()
  }
  return parts
}

async function rootsOf(
  node: NodeContext,
  publisher: PublisherId,
  packages: readonly PackageName[],
): Promise<ReadonlySet<BlockId>> {
  const roots = new Set<BlockId>()
  for await (const { releases } of readPackages(node, publisher, packages))
    for (const { artifacts } of releases.values()) for (const { artifact } of artifacts) roots.add(artifact.cid)
  return roots
}
