import { relationText } from '../../../protocol/index.ts'
import type { HitVerdict, SearchHit } from '../../http/search-services.ts'
import { highlightsOf, queryTokensOf } from '../../index/index.ts'
import type { NodeContext } from '../../node-context.ts'
import type { Candidate } from './candidate.ts'

/** A candidate with its place in the answer. */
export interface Chosen {
  readonly candidate: Candidate
  readonly score: number
  readonly verdict: HitVerdict
}

/**
 * Hits as people and clients see them. Scores are brought to 0 to 1, where 1 is the best hit of this answer: the engine's and those
 * of a merged answer are on scales of their own, and neither says anything across two answers.
 */
export function shownHitsOf(node: NodeContext, text: string, chosen: readonly Chosen[]): SearchHit[] {
  const best = chosen.reduce((most, { score }) => Math.max(most, score), 0)
  const words = queryTokensOf(text).map(({ word }) => word)
  const highlights = highlightsOf(
    words,
    chosen.map(({ candidate }) => candidate),
  )
  return chosen.map(({ candidate, score, verdict }, at) => ({
    ...shownOf(node, candidate),
    score: best === 0 ? 0 : Math.round((score / best) * 1000) / 1000,
    highlights: highlights[at] ?? [],
    verdict,
  }))
}

function shownOf(node: NodeContext, candidate: Candidate) {
  const { publisher, package: purl, name, version, description, license, keywords, source } = candidate
  const { releasedMs, quality } = candidate
  const looksLike = node.lookAlikes.of(purl)
  return {
    ...{ purl, name, version, description, license, keywords, source, quality },
    publisher,
    publisherName: node.relations.localNameOf(publisher),
    relation: publisher === node.writer.publisher ? 'self' : relationText(node.relations.relationOf(publisher)),
    released: releasedMs > 0 ? new Date(releasedMs).toISOString() : null,
    ...(looksLike === null ? {} : { looksLike }),
  }
}
