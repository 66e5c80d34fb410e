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
import type { Document } from '../index/index.ts'
import type { NodeContext } from '../node-context.ts'
import { StorageError } from '../storage/index.ts'
import { orderForPeers } from './order-for-peers.ts'
import { shownNow } from './shown-now.ts'

type SearchRequest = Parameters<Parameters<typeof answerSearches>[0]['searchPublic']>[0]

/** A search answers what every peer may see, whoever asks. */
const ANYONE = '' as PeerId
const NOBODY: ReadonlySet<PeerId> = new Set()

/** Hits looked through: one without a proof that fits must not take the place of another. */
const MAX_LOOKED_THROUGH = 100

/** The hits a peer may see: public releases alone, each with the signed records that prove it. */
export async function searchPublic(node: NodeContext, query: SearchRequest): Promise<SearchHit[]> {
  const { query: text, k, type, publisher } = query
  const filter = { types: type ? [type] : [], publishers: publisher ? [publisher] : [] }
  const shown = { publicOnly: true, ...shownNow(node, Date.now()) }
  const found = orderForPeers(text, node.library.index.search({ text, limit: MAX_LOOKED_THROUGH, filter, ...shown }))
  const envelopeOf = envelopesOf(node)
  const proven: SearchHit[] = []
  for (let at = 0; at < found.length && proven.length < k; ) {
    const next = found.slice(at, at + k - proven.length)
    at += next.length
    const proving = next.map(({ document }) => provenHitOf(node, document, envelopeOf).catch(nothingIfDamaged))
    proven.push(...(await Promise.all(proving)).filter(hit => hit !== null))
  }
  return proven
}

type EnvelopeOf = (id: RecordId) => Promise<Uint8Array | null>

/** Reads each record of one answer once: hits of one publisher share genesis and delegate. */
function envelopesOf({ library }: NodeContext): EnvelopeOf {
  const read = new Map<RecordId, Promise<Uint8Array | null>>()
  return id => {
    const envelope = read.get(id) ?? library.records.envelope(id)
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

/** One damaged record must not keep the others from being found; /readyz and `hanse doctor` tell of it. */
function nothingIfDamaged(error: unknown): null {
  if (error instanceof StorageError) return null
  throw error
}

async function provenHitOf(node: NodeContext, document: Document, envelopeOf: EnvelopeOf): Promise<SearchHit | null> {
  const publisher = document.publisher as PublisherId
  const state = node.library.package(publisher, document.package as PackageState['package'])
  const release = state?.releases.get(document.version) ?? null
  if (state === null || release === null) return null
  const { block: blocked } = node.relations.relationOf(publisher)
  const shown = { kind: 'release', visibility: release.visibility, audience: NOBODY, blocked } as const
  if (!mayServe(shown, { kind: 'peer', peer: ANYONE }).may) return null
  const purl = releaseNameOf(state.package, release.version)
  const envelopes = await proofOf(node, publisher, state, release, envelopeOf)
  return purl === null || envelopes === null ? null : { publisher, purl, score: 0, envelopes }
}

/** [genesis, rotates…, delegate, release] of a public feed; null when there is none or it is longer than a hit may be. */
async function proofOf(
  { library }: NodeContext,
  publisher: PublisherId,
  { package: name }: PackageState,
  release: ReleaseState,
  envelopeOf: EnvelopeOf,
): Promise<Uint8Array[] | null> {
  for (const id of standingRecordsOf(release)) {
    const record = await library.records.record(id)
    if (record === null || !library.access.isPublic(record)) continue
    const delegation = library.catalogue.delegationOf(publisher, record.feed, name)
    if (delegation === null || delegation.length >= MAX_HIT_ENVELOPES) continue
    const envelopes = await Promise.all(delegation.map(envelopeOf))
    const held = envelopes.filter(envelope => envelope !== null)
    if (held.length === delegation.length) return [...held, record.envelope]
  }
  return null
}

/** The records behind what is shown of a release, the describing one first; one yanked by itself is not among them. */
function standingRecordsOf({ described, artifacts }: ReleaseState): ReadonlySet<RecordId> {
  return new Set([described[0], ...artifacts.map(({ at }) => at[0])])
}
