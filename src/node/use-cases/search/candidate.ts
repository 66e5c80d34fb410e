import type { VerifiedHit } from '../../../federation/index.ts'
import { type PackageName, type PublisherId, parsePurl } from '../../../protocol/index.ts'
import type { Document } from '../../index/index.ts'
import type { NodeContext } from '../../node-context.ts'
import { closenessOf } from './closeness.ts'
import type { JudgedHit } from './hit-verdict.ts'

type Shown = Pick<Document, 'name' | 'type' | 'description' | 'keywords' | 'license' | 'releasedMs' | 'quality'>

/** A package that a search may show, of this node's index or of a peer's verified hit. */
export interface Candidate extends Shown, JudgedHit {
  readonly source: 'local' | 'federated'
  /** How close its publisher is to this node, 0 to 1. */
  readonly closeness: number
  /** The peers that sent it. */
  readonly from: readonly string[]
}

type Node = Pick<NodeContext, 'relations' | 'writer'>

/** What the index says. */
export function localCandidateOf(node: Node, document: Document): Candidate {
  const publisher = document.publisher as PublisherId
  const place = { source: 'local', closeness: closenessOf(node, publisher), from: [] } as const
  return { ...document, ...place, publisher, package: document.package as PackageName, summary: null }
}

/** What the signed records of a peer's hit say. */
export function federatedCandidateOf(node: Node, hit: VerifiedHit & Pick<Candidate, 'from'>): Candidate {
  const { publisher, package: name, version, summary, from } = hit
  const parsed = parsePurl(name)
  const { type = '', namespace = null, name: last = name } = parsed.ok ? parsed.value : {}
  const { description = '', keywords = [], license = '' } = summary
  return {
    ...{ publisher, package: name, version, summary, type, description, keywords, license },
    ...{ name: namespace === null ? last : `${namespace}/${last}`, releasedMs: 0, quality: null },
    ...{ source: 'federated', closeness: closenessOf(node, publisher), from },
  }
}
