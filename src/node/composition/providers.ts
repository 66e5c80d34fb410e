import { hasArtifact, holdersAmong, systemClock } from '../../federation/index.ts'
import type { Artifact, PeerId, PublisherId } from '../../protocol/index.ts'
import { discoveryPortOf } from '../network/discovery-port.ts'
import type { NodeContext } from '../node-context.ts'
import { statedHoldersOf } from '../use-cases/stated-holders.ts'
import { merged } from './merged.ts'

/** How long the DHT may take to name holders; ms. */
const DHT_LOOKUP_MS = 5_000
/** Connected known holders asked for the bytes straight away; all others are first asked whether they have them. */
const MAX_ASKED_AT_ONCE = 4

/** What is looked for, and in whose name. */
export interface Wanted {
  readonly artifact: Artifact
  readonly publisher: PublisherId
}

/**
 * Peers that may have an artifact: pinned ones, those signed to hold its publisher's bytes and those that brought such of late, connected ones first; then, side by
 * side, what the DHT finds and all other connected peers that say they have it. The fast come first; whoever was asked for the
 * publisher's bytes of late and did not bring them comes after the others. To ask for what no public feed of the publisher names would tell its CID: then only
 * peers on the list of a listed feed that does are asked, and nodes that the publisher signed to hold its own bytes, as one that was
 * restored since; for what a private feed alone names nobody.
 */
export async function* providersOf(node: NodeContext, wanted: Wanted, signal: AbortSignal): AsyncGenerator<PeerId> {
  const { artifact, publisher } = wanted
  if (!node.library.access.isNamedOpenly(artifact.sha256, publisher)) return yield* audienceOf(node, wanted)
  const isAbsent = (peer: PeerId) => node.absent.has(publisher, peer, Date.now())
  const signed = statedHoldersOf(node, publisher, artifact.cid)
  const stated = signed.filter(peer => !isAbsent(peer))
  const given = new Set<PeerId>()
  for (const peer of nearest(node, wanted, new Set(stated))) {
    given.add(peer)
    yield peer
  }
  const connected = node.connectedPeers()
  const known = new Set([...connected.filter(peer => node.peers.isPinned(peer)), ...stated])
  const rest = [...known].filter(peer => !given.has(peer))
  const others = new Set([...connected, ...signed].filter(peer => !known.has(peer) && !given.has(peer)))
  const onMiss = (peer: PeerId) => node.absent.add(publisher, peer, Date.now())
  const leaving = new AbortController()
  const within = AbortSignal.any([signal, leaving.signal])
  try {
    const context = { streams: node.streams, protocol: node.protocols.content }
    yield* holdersAmong(context, artifact.cid, rest, { signal: within, onMiss })
    yield* claimants(node, wanted, { peers: [...others], isAbsent, signal: within })
  } finally {
    leaving.abort()
  }
}

/** Connected holders, whoever would bring the artifact soonest as it is when somebody is wanted. */
function* nearest(node: NodeContext, { artifact, publisher }: Wanted, stated: ReadonlySet<PeerId>): Generator<PeerId> {
  const given = new Set<PeerId>()
  while (given.size < MAX_ASKED_AT_ONCE) {
    const proven = node.proven.of(publisher, Date.now()).filter(peer => !node.absent.has(publisher, peer, Date.now()))
    const isKnown = (peer: PeerId) => node.peers.isPinned(peer) || stated.has(peer) || proven.includes(peer)
    const near = node.connectedPeers().filter(peer => isKnown(peer) && !given.has(peer))
    const [best] = node.mirrors.bestFirst(near, systemClock.now(), artifact.size)
    if (best === undefined) return
    given.add(best)
    yield best
  }
}

/** Connected peers on the list of a listed feed that names the artifact, then others that its publisher signed to be nodes of its own. */
function* audienceOf(node: NodeContext, { artifact, publisher }: Wanted): Generator<PeerId> {
  const audience = node.library.access.audienceFor(artifact.sha256, publisher)
  if (audience.size === 0) return
  const holds = node.library.catalogue.publisher(publisher)?.holds ?? []
  const own = new Set(holds.filter(({ publishers }) => publishers.has(publisher)).map(({ peer }) => peer))
  const connected = node.connectedPeers()
  yield* connected.filter(peer => audience.has(peer))
  yield* connected.filter(peer => own.has(peer) && !audience.has(peer))
}

interface Strangers {
  readonly peers: readonly PeerId[]
  readonly isAbsent: (peer: PeerId) => boolean
  readonly signal: AbortSignal
}

/** Peers that nobody signed for and that say they have the artifact: from the DHT and among the given ones, absent ones after the others. */
async function* claimants(
  node: NodeContext,
  wanted: Wanted,
  { peers, isAbsent, signal }: Strangers,
): AsyncGenerator<PeerId> {
  const context = { streams: node.streams, protocol: node.protocols.content }
  // Whoever says of itself that it mirrors the publisher is asked before the others whether it has the artifact.
  const saysSo = new Set(peers.filter(peer => node.recordOf(peer)?.mirrors.includes(wanted.publisher)))
  const likelyFirst = peers.toSorted((a, b) => Number(saysSo.has(b)) - Number(saysSo.has(a)))
  const { fresh = [], late = [] } = Object.groupBy(likelyFirst, peer => (isAbsent(peer) ? 'late' : 'fresh'))
  const lateInDht: PeerId[] = []
  async function* connectedOnes(): AsyncGenerator<PeerId> {
    for (const group of [fresh, late]) yield* holdersAmong(context, wanted.artifact.cid, group, { signal })
  }
  async function* dhtOnes(): AsyncGenerator<PeerId> {
    for await (const peer of foundInDht(node, wanted, signal)) {
      if (isAbsent(peer)) lateInDht.push(peer)
      else yield peer
    }
  }
  yield* merged([dhtOnes(), connectedOnes()])
  yield* lateInDht
}

/** Peers that the DHT names for the publisher, that can be dialled and that have the artifact. */
async function* foundInDht(
  node: NodeContext,
  { artifact, publisher }: Wanted,
  signal: AbortSignal,
): AsyncGenerator<PeerId> {
  const context = { streams: node.streams, protocol: node.protocols.content }
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(DHT_LOOKUP_MS)])
    for await (const found of discoveryPortOf(node.libp2p).findProviders(publisher, { signal: limit })) {
      if (found.peer === node.libp2p.peerId.toString() || !(await node.dial(found, limit))) continue
      if (await hasArtifact(context, found.peer, artifact.cid, { signal })) yield found.peer
    }
  } catch {
    // The DHT is the last resort: what it does not answer in time nobody has.
  }
}
