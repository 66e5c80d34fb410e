import type { PackageState, PeerId, PublisherId, ReleaseState } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { statedHoldersOf } from './stated-holders.ts'

/** A node that is signed to hold a publisher's bytes, or this one. */
export interface Mirror {
  readonly peer: PeerId
  readonly isSelf: boolean
  readonly connected: boolean
  /** What the last spot check of it showed, and when, ISO 8601; null: it was not checked yet. */
  readonly checked: { readonly outcome: string; readonly at: string } | null
}

/** How many copies of a package's newest release there are, as far as this node knows. */
export interface Replication {
  /** This node's, and those of mirrors that were not found wanting. */
  readonly copies: number
  /** Of them this node's own, and those of mirrors that passed a spot check. */
  readonly proven: number
}

/** This node if it keeps a publisher's bytes, and every peer that is signed to. */
export function mirrorsOf(node: NodeContext, publisher: PublisherId): readonly Mirror[] {
  const connected = new Set(node.connectedPeers())
  const isKept = publisher === node.writer.publisher || node.relations.relationOf(publisher).mirror
  const self: Mirror = {
    peer: node.libp2p.peerId.toString() as PeerId,
    ...{ isSelf: true, connected: true, checked: null },
  }
  const others = statedHoldersOf(node, publisher).map((peer): Mirror => {
    const check = node.holders.of(publisher, peer)
    const checked = check && { outcome: check.outcome, at: new Date(check.at).toISOString() }
    return { peer, isSelf: false, connected: connected.has(peer), checked }
  })
  return [...(isKept ? [self] : []), ...others]
}

/** The copies of the newest live release; null for a package without one. */
export async function replicationOf(
  node: NodeContext,
  mirrors: readonly Mirror[],
  state: PackageState,
): Promise<Replication | null> {
  const newest = newestOf(state)
  if (newest === null) return null
  const held = await Promise.all(newest.artifacts.map(({ artifact }) => node.artifacts.has(artifact.sha256)))
  const own = held.every(Boolean) ? 1 : 0
  // What is private is at no other node.
  const others = newest.visibility === 'public' ? mirrors.filter(({ isSelf }) => !isSelf) : []
  const trusted = others.filter(({ checked }) => checked === null || checked.outcome === 'held')
  const proven = trusted.filter(({ checked }) => checked !== null)
  return { copies: own + trusted.length, proven: own + proven.length }
}

const newestOf = ({ releases }: PackageState): ReleaseState | null =>
  [...releases.values()].findLast(({ state }) => state === 'live') ?? null
