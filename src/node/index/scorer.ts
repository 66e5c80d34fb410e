import { BestFirst } from './best-first.ts'
import type { TermGroup } from './expand.ts'
import { weightOfImpact } from './impact.ts'
import { MAX_POSTINGS_READ } from './limits.ts'
import type { Filter, Segment } from './segment.ts'

/** A document of a segment with its score. */
export interface Scored {
  readonly segment: Segment
  readonly id: number
  readonly score: number
}

const POPULARITY_WEIGHT = 5
const ALL_MATCHED_BONUS = 6
const MAX_SCORE_SLOTS_KEPT = 1 << 22

/** Adds up a query's postings, a term at a time; its arrays are kept between queries and cleaned by what was touched. */
export class Scorer {
  #totals = new Float64Array(0)
  /** Best of the group that was last added, valid while the group's bit is set. */
  #bests = new Float64Array(0)
  #masks = new Uint32Array(0)

  /** The documents of all segments that pass the filter, best first; ordered only as far as they are taken. */
  best(groups: readonly TermGroup[], segments: readonly Segment[], filter: Filter): Generator<Scored> {
    const documents = segments.reduce((sum, segment) => sum + segment.size, 0)
    const idfs = groups.map(group => idfsOf(group, segments, documents))
    const required = groups.reduce((bits, group, i) => (group.required ? bits | (1 << i) : bits), 0)
    const found = new BestFirst<Scored>(byScore)
    for (const segment of segments) {
      const touched = this.#add(groups, idfs, segment)
      for (const id of touched) {
        const mask = this.#masks[id]!
        this.#masks[id] = 0
        if (!segment.mayShow(id, filter)) continue
        const bonus = (mask & required) === required ? ALL_MATCHED_BONUS : 0
        const prior = (POPULARITY_WEIGHT * segment.popularityOf(id)) / 255
        found.offer({ segment, id, score: this.#totals[id]! + bonus + prior })
      }
    }
    return found.taken()
  }

  #add(groups: readonly TermGroup[], idfs: readonly number[][], segment: Segment): number[] {
    this.#reserve(segment.size)
    const [totals, bests, masks] = [this.#totals, this.#bests, this.#masks]
    const touched: number[] = []
    for (const [i, group] of groups.entries()) {
      const bit = 1 << i
      for (const [j, { term, factor }] of group.terms.entries()) {
        const weight = factor * (1 + idfs[i]![j]!)
        segment.read(term, MAX_POSTINGS_READ, (id, impact) => {
          if (id >= segment.size) return
          const score = weight * weightOfImpact(impact)
          const mask = masks[id]!
          if (mask === 0) {
            touched.push(id)
            totals[id] = 0
          }
          if ((mask & bit) === 0) {
            masks[id] = mask | bit
            totals[id]! += score
            bests[id] = score
          } else if (score > bests[id]!) {
            totals[id]! += score - bests[id]!
            bests[id] = score
          }
        })
      }
    }
    return touched
  }

  #reserve(size: number): void {
    if (this.#masks.length >= size && this.#masks.length <= Math.max(size * 4, MAX_SCORE_SLOTS_KEPT)) return
    const room = Math.ceil(size * 1.25)
    this.#totals = new Float64Array(room)
    this.#bests = new Float64Array(room)
    this.#masks = new Uint32Array(room)
  }
}

/** Inverse document frequency of each term; a stand-in is never rarer than the word that was typed. */
function idfsOf(group: TermGroup, segments: readonly Segment[], documents: number): number[] {
  const idfs = group.terms.map(({ term }) => {
    const df = segments.reduce((sum, segment) => sum + segment.dfOf(term), 0)
    return Math.log(1 + Math.max(0, documents - df + 0.5) / (df + 0.5))
  })
  const exact = idfs.filter((_, j) => group.terms[j]!.factor === 1)
  const most = exact.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...exact)
  return idfs.map(idf => Math.min(idf, most))
}

const byScore = (a: Scored, b: Scored): number =>
  b.score - a.score || b.segment.popularityOf(b.id) - a.segment.popularityOf(a.id) || a.id - b.id
