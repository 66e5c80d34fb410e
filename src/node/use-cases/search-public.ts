import type { answerSearches } from '../../federation/index.ts'
import {
  heldTagOf,
  MAX_HELD_TAGS,
  MAX_HIT_ENVELOPES,
  mayServe,
  type PackageState,
  type PeerId,
  type PublisherId,
  type RecordId,
  type ReleaseState,
  releaseNameOf,
  type SearchHit,
} from '../../protocol/index.ts'
import type { Document, Ranked } from '../index/index.ts'
import { unlessDamaged } from '../library/stored-bodies.ts'
import type { NodeContext } from '../node-context.ts'
import { orderForPeers } from './order-for-peers.ts'
import { shownNow } from './shown-now.ts'

type SearchRequest = Parameters<Parameters<typeof answerSearches>[0]['searchPublic']>[0]

/** A search answers what every peer may see, whoever asks. */
const ANYONE = '' as PeerId
const NOBODY: ReadonlySet<PeerId> = new Set()

/** The best hits here, which are ordered anew by their text alone. */
const MAX_REORDERED = 100

/** The hits a peer may see: public releases alone, each with the signed records that prove it. */
export function searchPublic(node: NodeContext, query: SearchRequest): SearchHit[] {
  const envelopeOf = envelopesOf(node)
  const proofOfHit = (document: Document) => unlessDamaged(() => provenHitOf(node, document, envelopeOf))
  const found = bestFor(node, query, query.k)
  const proven = found.map(proofOfHit).filter(hit => hit !== null)
  if (proven.length === found.length || found.length < query.k) return proven
  // One without a proof that fits must not take the place of another. Looked for deeper, the first may be others.
  const tried = new Set(found.map(({ key }) => key))
  const others = bestFor(node, query, MAX_REORDERED).values()
  const more = others.filter(({ key }) => !tried.has(key)).map(proofOfHit)
  return [...proven, ...more.filter(hit => hit !== null).take(query.k - proven.length)]
}

function bestFor(node: NodeContext, { query: text, type, publisher }: SearchRequest, limit: number): Document[] {
  const filter = { types: type ? [type] : [], publishers: publisher ? [publisher] : [] }
  const reorder = { best: MAX_REORDERED, order: (best: readonly Ranked[]) => orderForPeers(text, best) }
  const shown = { publicOnly: true, ...shownNow(node, Date.now()) }
  return node.library.index.search({ text, limit, filter, reorder, ...shown }).map(({ document }) => document)
}

type EnvelopeOf = (id: RecordId) => Uint8Array | null

/** Reads each record of one answer once: hits of one publisher share genesis and delegate. */
function envelopesOf({ library }: NodeContext): EnvelopeOf {
  const read = new Map<RecordId, Uint8Array | null>()
  return id => {
    const known = read.get(id)
    if (known !== undefined) return known
    const envelope = library.records.recordNow(id)?.envelope ?? null
    read.set(id, envelope)
    return envelope
  }
}

/** Of which publishers a search here can find public packages: the first 256 that came. */
export function heldTags({ library, relations }: NodeContext): string[] {
  const mayBeFound = (publisher: PublisherId) =>
    library.access.hasPublicPackage(publisher) && !relations.relationOf(publisher).block
  return library.catalogue.publishers().values().filter(mayBeFound).take(MAX_HELD_TAGS).map(heldTagOf).toArray()
}

function provenHitOf(node: NodeContext, document: Document, envelopeOf: EnvelopeOf): SearchHit | null {
  const publisher = document.publisher as PublisherId
  const state = node.library.package(publisher, document.package as PackageState['package'])
  const release = state?.releases.get(document.version) ?? null
  if (state === null || release === null) return null
  const { block: blocked } = node.relations.relationOf(publisher)
  const shown = { kind: 'release', visibility: release.visibility, audience: NOBODY, blocked } as const
  if (!mayServe(shown, { kind: 'peer', peer: ANYONE }).may) return null
  const purl = releaseNameOf(state.package, release.version)
  const envelopes = proofOf(node, publisher, state, release, envelopeOf)
  return purl === null || envelopes === null ? null : { publisher, purl, score: 0, envelopes }
}

/** [genesis, rotates…, delegate, release] of a public feed; null when there is none or it is longer than a hit may be. */
function proofOf(
  { library }: NodeContext,
  publisher: PublisherId,
  { package: name }: PackageState,
  release: ReleaseState,
  envelopeOf: EnvelopeOf,
): Uint8Array[] | null {
  for (const id of standingRecordsOf(release)) {
    const record = library.records.recordNow(id)
    if (record === null || !library.access.isPublic(record)) continue
    const delegation = library.catalogue.delegationOf(publisher, record.feed, name)
    if (delegation === null || delegation.length >= MAX_HIT_ENVELOPES) continue
    const envelopes = delegation.map(envelopeOf)
    const held = envelopes.filter(envelope => envelope !== null)
    if (held.length === delegation.length) return [...held, record.envelope]
  }
  return null
}

/** The records behind what is shown of a release, the describing one first; one yanked by itself is not among them. */
function standingRecordsOf({ described, artifacts }: ReleaseState): ReadonlySet<RecordId> {
  return new Set([described[0], ...artifacts.map(({ at }) => at[0])])
}
