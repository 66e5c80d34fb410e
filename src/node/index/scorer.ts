import { BestFew } from './best-few.ts'
import type { TermGroup } from './expand.ts'
import type { Filter, Segment } from './segment.ts'
import { MAX_POPULARITY_POINTS, popularityPointsOf } from './signals.ts'
import { bitsOf, readsOf, type WeighedGroup, weigh } from './weighed-group.ts'

/** A document of a segment with its score. */
export interface Scored {
  readonly segment: Segment
  readonly id: number
  readonly score: number
}

/** What is known between two groups. */
interface Standing {
  readonly segment: Segment
  readonly mayShow: (id: number) => boolean
  readonly most: number
  /** Bits of the words that every hit must have; all were added. */
  readonly must: number
  /** What the groups to come add at most. */
  readonly rest: number
  /** Words that were added. */
  readonly seen: number
  readonly isCommon: boolean
}

const ALL_MATCHED_BONUS = 6
/** Share of all documents that have a common word. */
const COMMON_SHARE = 1 / 50
/** Documents that common words add to, at least: the best by their rarer words. */
const MAX_CONTENDERS = 1_024
/** Postings that are read before it is worth asking who still matters. */
const LEAST_COMMON = 1_000
const MAX_KEPT_SLOTS = 1 << 22
/** A delta that grows makes room for so many more documents at a time. */
const SLOTS_AT_ONCE = 4_096

/**
 * Adds up a query's postings, the rarest words first, and stops taking in documents that no longer can be among the best
 * (H. Turtle, J. Flood, "Query evaluation: strategies and optimizations", 1995, MaxScore). Its arrays are kept between queries.
 */
export class Scorer {
  #totals = new Float32Array(0)
  /** Best of the group that was last added, valid while the group's bit is set. */
  #bests = new Float32Array(0)
  /** Groups that matched, a bit each. */
  #masks = new Uint32Array(0)
  #touched = new Uint32Array(0)
  #touchedCount = 0

  /** The best `most` documents of each segment that pass the filter, best first. */
  best(groups: readonly TermGroup[], segments: readonly Segment[], filter: Filter, most: number): Scored[] {
    const weighed = weigh(groups, segments)
    try {
      const found = segments.flatMap(segment => {
        const best = this.#bestOf(segment, weighed, segment.passing(filter), most)
        return best.map(({ id, score }) => ({ segment, id, score }))
      })
      return found.sort(byScore)
    } catch (error) {
      // The masks are left as they were then, which the next query must not see.
      this.#masks = new Uint32Array(0)
      throw error
    }
  }

  #bestOf(segment: Segment, groups: readonly WeighedGroup[], mayShow: (id: number) => boolean, most: number) {
    this.#reserve(segment.size)
    this.#touchedCount = 0
    const must = bitsOf(groups, 'must')
    const others = groups.filter(({ group }) => group.role !== 'must')
    let kept: Uint32Array | null = must === 0 ? null : this.#having(segment, groups, must, mayShow)
    let rest = others.reduce((sum, { bound }) => sum + bound, 0)
    let seen = 0
    let isCut = false
    for (const group of others) {
      const isCommon = group.postings > segment.size * COMMON_SHARE
      const isWorthAsking = group.postings > LEAST_COMMON && (isCommon || group.postings > 2 * this.#touchedCount)
      if (!isCut && this.#touchedCount >= most && isWorthAsking) {
        const contenders = this.#contenders({ segment, mayShow, most, must, rest, seen, isCommon })
        isCut = contenders !== null
        kept = contenders ?? kept
      }
      if (kept === null) this.#add(segment, group)
      else this.#refine(segment, group, kept)
      rest -= group.bound
      if (group.group.role === 'word') seen |= group.bit
    }
    return this.#sorted(segment, groups, mayShow, most)
  }

  /** Adds the words that every hit must have, and answers who has them all and passes the filter, ascending. */
  #having(segment: Segment, groups: readonly WeighedGroup[], must: number, mayShow: (id: number) => boolean) {
    const [first, ...more] = groups.filter(({ group }) => group.role === 'must')
    this.#add(segment, first!)
    const touched = this.#touched.subarray(0, this.#touchedCount)
    for (const group of more) this.#refine(segment, group, touched)
    return touched.filter(id => (this.#masks[id]! & must) === must && mayShow(id))
  }

  /** Takes the best out, and leaves the masks clean. */
  #sorted(segment: Segment, groups: readonly WeighedGroup[], mayShow: (id: number) => boolean, most: number) {
    const [words, must, not] = [bitsOf(groups, 'word'), bitsOf(groups, 'must'), bitsOf(groups, 'not')]
    const [touched, totals, masks] = [this.#touched, this.#totals, this.#masks]
    const best = new BestFew(most)
    for (let i = 0; i < this.#touchedCount; i++) {
      const id = touched[i]!
      const mask = masks[id]!
      masks[id] = 0
      if ((mask & must) !== must || (mask & not) !== 0) continue
      const bonus = (mask & words) === words ? ALL_MATCHED_BONUS : 0
      const score = totals[id]! + bonus + popularityPointsOf(segment.popularityOf(id))
      if (score > best.bar && mayShow(id)) best.add(id, score)
    }
    return best.sorted()
  }

  /**
   * The documents that can still be among the best, ascending; null while that may be one not touched, which lacks a word and so
   * has no bonus. A common word brings nobody in once enough documents have a rarer one, and adds to a thousand.
   */
  #contenders({ segment, mayShow, most, must, rest, seen, isCommon }: Standing): Uint32Array | null {
    const [touched, totals, masks] = [this.#touched, this.#totals, this.#masks]
    const sureOf = (id: number): number => totals[id]! + popularityPointsOf(segment.popularityOf(id))
    const mayBeHit = (id: number): boolean => (masks[id]! & must) === must && mayShow(id)
    const best = new BestFew(most)
    for (let i = 0; i < this.#touchedCount; i++) {
      const score = sureOf(touched[i]!)
      if (score > best.bar && mayBeHit(touched[i]!)) best.add(touched[i]!, score)
    }
    if (best.bar === Number.NEGATIVE_INFINITY) return null
    if (must === 0 && !isCommon && rest + MAX_POPULARITY_POINTS > best.bar) return null
    const least = best.bar - rest
    const kept = new BestFew(Math.max(MAX_CONTENDERS, 2 * most))
    for (let i = 0; i < this.#touchedCount; i++) {
      const id = touched[i]!
      const score = sureOf(id) + ((masks[id]! & seen) === seen ? ALL_MATCHED_BONUS : 0)
      if (score >= least && score > kept.bar && mayBeHit(id)) kept.add(id, score)
    }
    return kept.ids()
  }

  #add(segment: Segment, group: WeighedGroup): void {
    const { weights, bit } = group
    const [totals, bests, masks, touched] = [this.#totals, this.#bests, this.#masks, this.#touched]
    const size = segment.size
    let touchedCount = this.#touchedCount
    for (const { term, at, most } of readsOf(group, segment)) {
      const weight = weights[at]! / 255
      segment.read(term, most, (ids, impacts, count) => {
        for (let i = 0; i < count; i++) {
          const id = ids[i]!
          if (id >= size) return size
          const score = weight * impacts[i]!
          const mask = masks[id]!
          if ((mask & bit) === 0) {
            if (mask === 0) {
              touched[touchedCount++] = id
              totals[id] = score
            } else totals[id]! += score
            masks[id] = mask | bit
            bests[id] = score
          } else if (score > bests[id]!) {
            totals[id]! += score - bests[id]!
            bests[id] = score
          }
        }
        return 0
      })
    }
    this.#touchedCount = touchedCount
  }

  /** Adds to the documents in `kept` alone, passing over blocks without any. */
  #refine(segment: Segment, group: WeighedGroup, kept: Uint32Array): void {
    const { weights, bit } = group
    const [totals, bests, masks] = [this.#totals, this.#bests, this.#masks]
    for (const { term, at, most } of readsOf(group, segment)) {
      const weight = weights[at]! / 255
      let next = 0
      segment.read(term, most, (ids, impacts, count) => {
        for (let i = 0; i < count && next < kept.length; ) {
          const id = ids[i]!
          const wanted = kept[next]!
          if (id < wanted) i++
          else if (id > wanted) next++
          else {
            const score = weight * impacts[i]!
            const before = (masks[id]! & bit) === 0 ? 0 : bests[id]!
            if (score > before) {
              totals[id]! += score - before
              bests[id] = score
            }
            masks[id]! |= bit
            i++
            next++
          }
        }
        return next < kept.length ? kept[next]! : Number.POSITIVE_INFINITY
      })
    }
  }

  #reserve(size: number): void {
    if (this.#masks.length >= size && this.#masks.length <= Math.max(size * 4, MAX_KEPT_SLOTS)) return
    const room = Math.ceil(size / SLOTS_AT_ONCE) * SLOTS_AT_ONCE
    this.#totals = new Float32Array(room)
    this.#bests = new Float32Array(room)
    this.#masks = new Uint32Array(room)
    this.#touched = new Uint32Array(room)
  }
}

/** Best first; of equals the more popular. */
export const byScore = (a: Scored, b: Scored): number =>
  b.score - a.score || b.segment.popularityOf(b.id) - a.segment.popularityOf(a.id) || a.id - b.id
