import { mergeHits, type VerifiedHit } from '../../federation/index.ts'
import { type PackageName, type PublisherId, parsePurl, relationText } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { SearchHit } from '../http/services.ts'
import { type Document, type Hit, highlightsOf, queryTokensOf } from '../index/index.ts'
import type { NodeContext } from '../node-context.ts'
import { askFederation } from './ask-federation.ts'
import { PURL_TYPES } from './purl-types.ts'
import { shownNow } from './shown-now.ts'

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
  if (text.trim() === '')
    throw new NodeError('E_USAGE', 'there is nothing to search for', { hint: 'hanse search WORDS' })
  const publisher = request.publisher === undefined ? undefined : node.relations.resolve(request.publisher)
  const type = request.type === undefined ? undefined : parseType(request.type)
  const filter = { types: type ? [type] : [], publishers: publisher ? [publisher] : [] }
  const asked = { ...(type ? { type } : {}), ...(publisher ? { publisher } : {}) }
  const local = node.library.index.search({ text, limit, filter, ...shownNow(node, Date.now()) })
  const { hits: found, peers } = request.local
    ? { hits: [], peers: { asked: 0, answered: 0 } }
    : await askFederation(node, { text, k: limit, ...asked })
  const hits =
    found.length === 0
      ? local.map(hit => localHitOf(node, text, hit))
      : mergedHitsOf(node, text, local, found.map(candidateOf)).slice(0, limit)
  return { hits: scaled(hits), peers, tookMs: Math.round((performance.now() - began) * 10) / 10 }
}

/**
 * Brings scores to 0 to 1, where 1 is the best hit of this answer. The engine's own scores and those of a merged answer are on
 * scales of their own, and neither says anything across two answers.
 */
function scaled(hits: readonly SearchHit[]): SearchHit[] {
  const best = hits.reduce((most, { score }) => Math.max(most, score), 0)
  return hits.map(hit => ({ ...hit, score: best === 0 ? 0 : Math.round((hit.score / best) * 1000) / 1000 }))
}

/** Reads a type as typed. @throws NodeError E_USAGE for one that is not registered */
function parseType(text: string): string {
  const type = text.toLowerCase()
  if (PURL_TYPES.has(type)) return type
  throw new NodeError('E_USAGE', `${JSON.stringify(text.slice(0, 32))} is no registered type of packages`, {
    hint: 'one such as npm, pypi, cargo, maven, golang, oci or generic; without --type all are searched',
  })
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
      ? { ...localHitOf(node, text, hit.value.hit), score }
      : { ...shownHitOf(node, hit.value, score), source: 'federated' },
  )
}

function localHitOf(node: NodeContext, text: string, { document, score }: Hit): SearchHit {
  const words = queryTokensOf(text).map(({ word }) => word)
  const [highlights] = highlightsOf(words, [document])
  return { ...shownHitOf(node, document, score), source: 'local', highlights: highlights ?? [] }
}

function shownHitOf(node: NodeContext, document: Candidate, score: number) {
  const publisher = document.publisher as PublisherId
  const looksLike = node.lookAlikes.of(document.package as PackageName)
  return {
    purl: document.package,
    publisher,
    publisherName: node.relations.localNameOf(publisher),
    version: document.version,
    description: document.description,
    score,
    relation: publisher === node.writer.publisher ? 'self' : relationText(node.relations.relationOf(publisher)),
    ...(looksLike === null ? {} : { looksLike }),
  }
}
