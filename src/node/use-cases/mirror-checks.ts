import { type SpotCheck, spotCheck } from '../../federation/index.ts'
import type { Artifact, PackageState, PeerId, PublisherId } from '../../protocol/index.ts'
import type { Checkable } from '../library/mirror-checks.ts'
import type { NodeContext } from '../node-context.ts'
import { statedHoldersOf } from './stated-holders.ts'

/** Publishers, and packages of one, looked at for something to check before it is left for the next time. */
const MAX_TRIES = 16

/** Share of the checks that are for peers that failed their last one. */
const AGAIN_SHARE = 0.5

/** A connected peer that is signed to hold an artifact of a publisher this node allows, mirrors or is itself; by chance. */
export function pickMirrorCheck(node: NodeContext, random: () => number): Checkable | null {
  const connected = new Set(node.connectedPeers())
  return (random() < AGAIN_SHARE ? pickFailed(node, connected, random) : null) ?? pickAny(node, connected, random)
}

/** One that was busy, or was filling up, would else count as no copy until chance comes back to it: with many publishers for weeks. */
function pickFailed(node: NodeContext, connected: ReadonlySet<PeerId>, random: () => number): Checkable | null {
  const failed = node.holders.failed().filter(each => connected.has(each.peer) && isCaredFor(node, each.publisher))
  const picked = pickOne(failed, random)
  const artifact = picked === null ? null : pickArtifact(node, picked.publisher, random)
  if (picked === null || artifact === null) return null
  return statedHoldersOf(node, picked.publisher, artifact.cid).includes(picked.peer) ? { ...picked, artifact } : null
}

function pickAny(node: NodeContext, connected: ReadonlySet<PeerId>, random: () => number): Checkable | null {
  const publishers = [node.writer.publisher, ...node.relations.known()].filter(id => isCaredFor(node, id))
  for (let i = 0; i < MAX_TRIES; i++) {
    const publisher = pickOne(publishers, random)
    if (publisher === null) return null
    const artifact = pickArtifact(node, publisher, random)
    if (artifact === null) continue
    const peer = pickOne(
      statedHoldersOf(node, publisher, artifact.cid).filter(each => connected.has(each)),
      random,
    )
    if (peer !== null) return { publisher, peer, artifact }
  }
  return null
}

export async function checkMirror(
  node: NodeContext,
  { peer, artifact }: Checkable,
  signal: AbortSignal,
): Promise<SpotCheck> {
  const context = { streams: node.streams, protocol: node.protocols.content }
  return await spotCheck(context, peer, artifact, { random: Math.random, signal })
}

/** What a check showed is remembered: a peer without the bytes is asked after the others, one with other bytes is no peer. */
export function mirrorChecked(node: NodeContext, { publisher, peer }: Checkable, outcome: SpotCheck): void {
  node.holders.note(publisher, peer, { outcome, at: Date.now() })
  node.metrics.mirrorChecks.inc({ outcome })
  if (outcome === 'absent') node.absent.add(publisher, peer, Date.now())
  if (outcome !== 'held') node.copies.stale()
  if (outcome === 'altered') node.streams.reportOffence(peer, 'block-altered')
}

function isCaredFor({ relations, writer }: NodeContext, publisher: PublisherId): boolean {
  const { allow, mirror } = relations.relationOf(publisher)
  return publisher === writer.publisher || mirror || allow !== 'none'
}

/** Of a public live release: what a peer may be asked for. */
function pickArtifact({ library }: NodeContext, publisher: PublisherId, random: () => number): Artifact | null {
  const names = [...(library.catalogue.publisher(publisher)?.packages.keys() ?? [])]
  for (let i = 0; i < MAX_TRIES; i++) {
    const name = pickOne(names, random)
    const state = name === null ? null : library.package(publisher, name)
    if (state === null) return null
    const artifact = pickOne(openArtifactsOf(state), random)
    if (artifact !== null) return artifact
  }
  return null
}

const openArtifactsOf = ({ releases }: PackageState): Artifact[] =>
  [...releases.values()]
    .filter(({ state, visibility }) => state === 'live' && visibility === 'public')
    .flatMap(({ artifacts }) => artifacts.map(({ artifact }) => artifact))

function pickOne<T>(of: readonly T[], random: () => number): T | null {
  return of[Math.floor(random() * of.length)] ?? null
}
