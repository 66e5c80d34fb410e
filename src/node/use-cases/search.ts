import {
  type answerSearches,
  askPeers,
  mergeHits,
  type PeerHit,
  systemClock,
  verifyHit,
} from '../../federation/index.ts'
import {
  type FeedId,
  mayServe,
  type PeerId,
  type PublisherId,
  parsePurl,
  ROOT_FEED,
  relationText,
  splitReleaseName,
  type SearchHit as WireHit,
} from '../../protocol/index.ts'
import type { SearchHit } from '../http/services.ts'
import type { Document, Hit } from '../index/index.ts'
import { shownReleaseOf } from '../library/search-document.ts'
import type { NodeContext } from '../node-context.ts'

export interface SearchRequest {
  readonly text: string
  readonly limit: number
  readonly local: boolean
  readonly type?: string
  readonly publisher?: string
}

interface Candidate extends Pick<Document, 'publisher' | 'package' | 'name' | 'description' | 'keywords'> {
  readonly version: string | null
}

/** Answers from the local index, then adds verified hits of peers until the deadline. */
export async function search(node: NodeContext, request: SearchRequest) {
  const began = performance.now()
  const publisher = request.publisher === undefined ? undefined : node.relations.resolve(request.publisher)
  const filter = { ...(request.type ? { type: request.type } : {}), ...(publisher ? { publisher } : {}) }
  const local = node.library.index.search({ text: request.text, limit: request.limit, ...filter })
  const shown = local.filter(({ document }) => !isBlocked(node, document.publisher))
  const peers = request.local ? [] : node.connectedPeers()
  const { hits: found, peers: counts } =
    peers.length === 0
      ? { hits: [], peers: { asked: 0, answered: 0 } }
      : await askFederation(node, { text: request.text, k: request.limit, peers, ...filter })
  const federated = found.map(candidateOf).filter(({ publisher: id }) => !isBlocked(node, id))
  const hits =
    federated.length === 0
      ? shown.map(hit => localHitOf(node, hit))
      : mergedHitsOf(node, request.text, shown, federated).slice(0, request.limit)
  return { hits, peers: counts, tookMs: Math.round((performance.now() - began) * 10) / 10 }
}

const isBlocked = (node: NodeContext, publisher: string) => node.relations.relationOf(publisher as PublisherId).block

async function askFederation(node: NodeContext, query: Parameters<typeof askPeers>[1]) {
  const answer = await askPeers(
    {
      request: (peer, protocol, payload, options) => node.streams.request(peer, protocol, payload, options),
      verify: hit => verifyHit(hit, { net: node.net }),
      protocol: node.protocols.search,
      clock: systemClock,
      onOffence: (peer, code) => node.streams.reportOffence(peer, code),
    },
    { ...query, deadlineMs: node.config.search.deadlineMs },
  )
  for (const hit of answer.hits) node.seen.add(hit.package, hit.publisher)
  return answer
}

/** Asks peers who publishes a package that is not known here; what they say is remembered as seen. */
export async function seekPublishers(node: NodeContext, name: string): Promise<readonly PublisherId[]> {
  const parsed = parsePurl(name)
  const peers = node.connectedPeers()
  if (!parsed.ok || peers.length === 0) return []
  const { hits } = await askFederation(node, { text: parsed.value.name, k: 50, peers, type: parsed.value.type })
  return [...new Set(hits.filter(hit => hit.package === parsed.value.package).map(hit => hit.publisher))]
}

function candidateOf({ publisher, purl, package: name, summary }: PeerHit): Candidate {
  const parsed = parsePurl(name)
  const { namespace = null, name: last = name } = parsed.ok ? parsed.value : {}
  const { description = '', keywords = [] } = summary
  const version = splitReleaseName(purl).version
  return {
    publisher,
    package: name,
    name: namespace === null ? last : `${namespace}/${last}`,
    description,
    keywords,
    version,
  }
}

function mergedHitsOf(
  node: NodeContext,
  text: string,
  local: readonly Hit[],
  federated: readonly Candidate[],
): SearchHit[] {
  const known = local.map(hit => ({ ...hit.document, hit }))
  return mergeHits(text, known, federated).map(({ hit, score }) =>
    hit.source === 'local'
      ? { ...localHitOf(node, hit.value.hit), score }
      : { ...shownHitOf(node, hit.value, score), source: 'federated' },
  )
}

function localHitOf(node: NodeContext, { document, score, highlights }: Hit): SearchHit {
  return { ...shownHitOf(node, document, score), source: 'local', highlights }
}

function shownHitOf(node: NodeContext, document: Candidate, score: number) {
  const publisher = document.publisher as PublisherId
  return {
    purl: document.package,
    publisher,
    publisherName: node.relations.localNameOf(publisher),
    version: document.version,
    description: document.description,
    score: Math.round(score * 1000) / 1000,
    relation: publisher === node.writer.publisher ? 'self' : relationText(node.relations.relationOf(publisher)),
  }
}

type SearchRequestOfPeer = Parameters<Parameters<typeof answerSearches>[0]['searchPublic']>[0]

/** A search answers what every peer may see, whoever asks. */
const ANYONE = '' as PeerId
const NOBODY: ReadonlySet<PeerId> = new Set()

/** Hits looked through for public ones: asking for few must not let a private package take a public one's place. */
const MAX_HITS = 100

/** The hits a peer may see: public releases alone, each with the signed records that prove it. */
export async function searchPublic(node: NodeContext, query: SearchRequestOfPeer): Promise<WireHit[]> {
  const { query: text, k, type, publisher } = query
  const hits = node.library.index.search({
    text,
    limit: MAX_HITS,
    ...(type ? { type } : {}),
    ...(publisher ? { publisher } : {}),
  })
  const proven: WireHit[] = []
  for (const { document } of hits) {
    const hit = await provenHitOf(node, document)
    if (hit !== null) proven.push(hit)
    if (proven.length >= k) break
  }
  return proven
}

async function provenHitOf(node: NodeContext, document: Document): Promise<WireHit | null> {
  const publisher = document.publisher as PublisherId
  const name = parsePurl(document.package)
  const state = name.ok ? node.library.package(publisher, name.value.package) : null
  const release = state === null ? null : shownReleaseOf(state)
  if (release === null) return null
  const shown = {
    kind: 'release',
    visibility: release.visibility,
    audience: NOBODY,
    blocked: isBlocked(node, publisher),
  } as const
  if (!mayServe(shown, { kind: 'peer', peer: ANYONE }).may) return null
  for (const id of release.records) {
    const record = await node.library.records.record(id)
    if (record === null || !node.library.access.isPublic(record)) continue
    const proof = await delegationProofOf(node, publisher, record.feed)
    if (proof === null) return null
    const parsed = parsePurl(`${document.package}@${encodeURIComponent(release.version)}`)
    if (!parsed.ok || parsed.value.release === null) return null
    return { publisher, purl: parsed.value.release, score: 0, envelopes: [...proof, record.envelope] }
  }
  return null
}

/** [genesis, rotates…, delegate of the feed]: what makes a writer's record its publisher's. */
async function delegationProofOf(
  node: NodeContext,
  publisher: PublisherId,
  feed: FeedId,
): Promise<Uint8Array[] | null> {
  const heads = await node.library.store.head(publisher, ROOT_FEED)
  if (heads === null) return null
  const envelopes = await node.library.store.range(publisher, ROOT_FEED, { from: 1, limit: 256, maxBytes: 512 * 1024 })
  const records = envelopes.map(envelope => ({ envelope, record: node.parseStored(envelope) }))
  const delegate = records.find(
    ({ record }) => record.understood?.typ === 'delegate' && record.understood.feed === feed,
  )
  if (delegate === undefined) return null
  const keys = records.filter(
    ({ record }) => record.seq < delegate.record.seq && (record.seq === 1 || record.typ === 'rotate'),
  )
  return [...keys, delegate].map(({ envelope }) => envelope)
}
