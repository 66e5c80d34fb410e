import { mergeHits } from '../../../federation/index.ts'
import type { PackageName, PublisherId } from '../../../protocol/index.ts'
import { NodeError } from '../../errors.ts'
import type { SearchAnswer, SearchRequest } from '../../http/search-services.ts'
import { compileFilter, type Document, type SearchFilter } from '../../index/index.ts'
import { unlessDamaged } from '../../library/stored-bodies.ts'
import type { NodeContext } from '../../node-context.ts'
import { askFederation } from '../ask-federation.ts'
import { shownNow } from '../shown-now.ts'
import { type Candidate, federatedCandidateOf, localCandidateOf } from './candidate.ts'
import { closenessOf } from './closeness.ts'
import { hitJudgeOf, type Judged } from './hit-verdict.ts'
import { type Chosen, shownHitsOf } from './shown-hits.ts'
import { isPackageAllowed } from './standing.ts'
import { upstreamNotesOf } from './upstream-note.ts'
import { type Wanted, wantedOf } from './wanted.ts'

/** Local hits looked through where some may be denied: as many as the engine ranks anyway. */
const LOOKED_THROUGH = 40
/** Hits that peers are asked for when this node sorts some of them out: all that one peer sends. */
const ASKED_FOR_FILTER = 50
const NOBODY = { hits: [], peers: { asked: 0, answered: 0, partial: false } }

/** A candidate in the order of the answer. */
interface Ranked {
  readonly candidate: Candidate
  readonly score: number
}
type JudgeHit = (candidate: Candidate) => Judged | null

/**
 * Answers from the local index, then adds verified hits of peers until the deadline; what the policy denies is left out and counted,
 * unless `all` is asked for. @throws NodeError E_USAGE for a search for nothing, E_PUBLISHER
 */
export async function search(node: NodeContext, request: SearchRequest): Promise<SearchAnswer> {
  const began = performance.now()
  const now = Date.now()
  const wanted = wantedOf(node, request)
  if (wanted.isEmpty) {
    const hint = [...wanted.notes, 'hanse search WORDS'].at(0)!
    throw new NodeError('E_USAGE', 'there is nothing to search for', { hint })
  }
  const { limit, local, all = false } = request
  const judge = hitJudgeOf(node, now)
  const isDenied = (candidate: Candidate) => judge(candidate)?.isDenied ?? true
  const first = localHits(node, wanted, { now, limit: Math.max(limit, LOOKED_THROUGH) })
  const named = local ? null : namedHidden(node, wanted, first, now)
  const { hits: found, peers } = local || named !== null ? NOBODY : await askPeers(node, wanted, limit)
  let answer = chosenOf(rankedOf(wanted.text, first, found), limit, all, judge)
  if (answer.hidden > 0 && answer.chosen.length < limit && first.length >= Math.max(limit, LOOKED_THROUGH)) {
    // What is denied took the places of others.
    const open = localHits(node, wanted, { now, limit, isDenied })
    answer = { ...chosenOf(rankedOf(wanted.text, open, found), limit, all, judge), hidden: answer.hidden }
  }
  const hits = shownHitsOf(node, wanted.text, answer.chosen)
  const tookMs = Math.round((performance.now() - began) * 10) / 10
  const notes = hits.length > 0 ? wanted.notes : [...wanted.notes, ...upstreamNotesOf(node)]
  const unasked = named === null ? [] : [`peers were not asked: the words name ${named}, which is not public`]
  return { hits, hidden: answer.hidden, notes: [...notes, ...unasked], peers, tookMs }
}

/**
 * A package that the words name and that not everyone may hear of, whatever is filtered: then nobody else is asked. Null: there is none.
 * The local hits tell of names that stand within a word, and of packages with a damaged record.
 */
function namedHidden(node: NodeContext, wanted: Wanted, first: readonly Ranked[], now: number): string | null {
  const { library } = node
  const named = library.hidden.namedIn(wanted.text)
  if (named !== null) return named
  const words = wanted.text.toLowerCase()
  const isFiltered = [wanted.is, ...Object.values(wanted.filter ?? {})].some(list => list.length > 0)
  const found = isFiltered ? localHits(node, { ...wanted, filter: {}, is: [] }, { now, limit: LOOKED_THROUGH }) : first
  const hidden = found.find(({ candidate: { publisher, package: purl, name } }) => {
    const last = name.slice(name.lastIndexOf('/') + 1)
    if (!words.includes(last.toLowerCase())) return false
    return unlessDamaged(() => library.package(publisher, purl))?.visibility !== 'public'
  })
  return hidden?.candidate.name ?? null
}

interface LocalSearch {
  readonly now: number
  readonly limit: number
  readonly isDenied?: (candidate: Candidate) => boolean
}

function localHits(node: NodeContext, { text, filter, is }: Wanted, { now, limit, isDenied }: LocalSearch): Ranked[] {
  if (filter === null) return []
  const { mayShow, shownAs } = shownNow(node, now)
  const fits = allowedTestOf(node, is)
  const found = node.library.index.search({
    ...{ text, limit, filter, mayShow, now },
    closenessOf: publisher => closenessOf(node, publisher),
    shownAs: document => {
      const shown = fits(document) ? shownAs(document) : null
      return shown === null || isDenied?.(localCandidateOf(node, shown)) === true ? null : shown
    },
  })
  return found.map(({ document, score }) => ({ candidate: localCandidateOf(node, document), score }))
}

/** Peers hear of nothing but what they can have: the words, and the type or publisher where one alone is asked for: everything else is sorted out here. */
async function askPeers(node: NodeContext, { text, filter, is }: Wanted, limit: number) {
  if (filter === null || text.trim() === '' || is.includes('own')) return NOBODY
  const { types = [], publishers = [], licenses, keywords, phrases, without } = filter
  const [type] = types.length === 1 ? types : []
  const [publisher] = publishers.length === 1 && is.length === 0 ? (publishers as PublisherId[]) : []
  const isPlain = is.length + [licenses, keywords, phrases, without].flat().length === 0
  const k = isPlain ? limit : Math.max(limit, ASKED_FOR_FILTER)
  const asked = { ...(type === undefined ? {} : { type }), ...(publisher === undefined ? {} : { publisher }) }
  const { hits, peers } = await askFederation(node, { text, k, ...asked })
  return {
    hits: fittingOf(
      node,
      filter,
      is,
      hits.map(hit => federatedCandidateOf(node, hit)),
    ),
    peers,
  }
}

function fittingOf(
  node: NodeContext,
  filter: SearchFilter,
  is: Wanted['is'],
  found: readonly Candidate[],
): Candidate[] {
  const fits = compileFilter(filter)
  const isOfKind = allowedTestOf(node, is)
  return found.filter(candidate => isOfKind(candidate) && fits(candidate))
}

/** What `is:` asks of a package; publishers are in the filter already. */
function allowedTestOf(node: NodeContext, is: Wanted['is']): (of: Pick<Document, 'publisher' | 'package'>) => boolean {
  if (!is.includes('allowed')) return () => true
  return ({ publisher, package: name }) => isPackageAllowed(node, publisher as PublisherId, name as PackageName)
}

/** The engine's order as long as no peer adds to it, else one neutral score for all. */
function rankedOf(text: string, local: readonly Ranked[], found: readonly Candidate[]): readonly Ranked[] {
  if (found.length === 0) return local
  const known = local.map(({ candidate }) => candidate)
  return mergeHits(text, known, found).map(({ hit, score }) => ({ candidate: hit.value, score }))
}

/** The best that may be shown; `hidden`: the denied ones before the last of them. */
function chosenOf(ranked: readonly Ranked[], limit: number, all: boolean, judge: JudgeHit) {
  const chosen: Chosen[] = []
  let hidden = 0
  for (const { candidate, score } of ranked) {
    if (chosen.length >= limit) break
    const judged = judge(candidate)
    if (judged === null) break
    if (judged.isDenied && !all) hidden++
    else chosen.push({ candidate, score, verdict: judged.verdict })
  }
  return { chosen, hidden }
}
