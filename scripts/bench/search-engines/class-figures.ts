import { HITS } from './contender.ts'

/** One query answered by one engine. */
export interface Asked {
  readonly className: string
  readonly ms: number
  /** 1 for the first hit, 0: not among the hits, null: nothing was wanted in particular. */
  readonly rank: number | null
  readonly threw: boolean
}

/** How an engine answered the queries of a class. */
export interface ClassFigures {
  readonly queries: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
  /** Share of the queries whose package came first; null: none was wanted. */
  readonly rank1: number | null
  /** Mean reciprocal rank in the first 10; null: none was wanted. */
  readonly mrr: number | null
  /** Queries that were answered with an error. */
  readonly threw: number
}

export function classFiguresOf(asked: readonly Asked[]): ClassFigures {
  const times = asked.map(({ ms }) => ms).toSorted((left, right) => left - right)
  const ranks = asked.flatMap(({ rank }) => (rank === null ? [] : [rank]))
  return {
    queries: asked.length,
    p50: percentileOf(times, 50),
    p95: percentileOf(times, 95),
    p99: percentileOf(times, 99),
    max: percentileOf(times, 100),
    rank1: meanOf(ranks.map(rank => (rank === 1 ? 1 : 0))),
    mrr: meanOf(ranks.map(reciprocalOf)),
    threw: asked.filter(({ threw }) => threw).length,
  }
}

/** Rank of a name among the hits, from 1; 0: it is not there. */
export const rankOf = (wanted: string, names: readonly string[]): number => names.slice(0, HITS).indexOf(wanted) + 1

export const reciprocalOf = (rank: number): number => (rank === 0 ? 0 : 1 / rank)

/** The value that so many of 100 do not exceed (nearest rank), of an ascending list. */
export function percentileOf(ascending: readonly number[], percent: number): number {
  return ascending[Math.max(0, Math.ceil((ascending.length * percent) / 100) - 1)] ?? Number.NaN
}

/** The middle value; of an even number the mean of the two in the middle. */
export function medianOf(values: readonly number[]): number {
  const ascending = values.toSorted((left, right) => left - right)
  const middle = ascending.length >> 1
  return ascending.length % 2 === 1 ? ascending[middle]! : (ascending[middle - 1]! + ascending[middle]!) / 2
}

export const meanOf = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length
