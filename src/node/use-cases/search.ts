import { mergeHits, type VerifiedHit } from '../../federation/index.ts'
import { type PublisherId, parsePurl, relationText } from '../../protocol/index.ts'
import type { SearchHit } from '../http/services.ts'
import type { Document, Hit } from '../index/index.ts'
import type { NodeContext } from '../node-context.ts'
import { askFederation } from './ask-federation.ts'

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
  const { text, limit } = request
  const publisher = request.publisher === undefined ? undefined : node.relations.resolve(request.publisher)
  const filter = { ...(request.type ? { type: request.type } : {}), ...(publisher ? { publisher } : {}) }
  const local = node.library.index
    .search({ text, limit, ...filter })
    .filter(({ document }) => !node.relations.relationOf(document.publisher as PublisherId).block)
  const { hits: found, peers } = request.local
    ? { hits: [], peers: { asked: 0, answered: 0 } }
    : await askFederation(node, { text, k: limit, ...filter })
  const hits =
    found.length === 0
      ? local.map(hit => localHitOf(node, hit))
      : mergedHitsOf(node, text, local, found.map(candidateOf)).slice(0, limit)
  return { hits, peers, tookMs: Math.round((performance.now() - began) * 10) / 10 }
}

/** What is shown of a federated hit, all of it from signed records. */
function candidateOf({ publisher, package: name, version, summary }: VerifiedHit): Candidate {
  const parsed = parsePurl(name)
  const { namespace = null, name: last = name } = parsed.ok ? parsed.value : {}
  const { description = '', keywords = [] } = summary
  const fullName = namespace === null ? last : `${namespace}/${last}`
  return { publisher, package: name, name: fullName, description, keywords, version }
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
