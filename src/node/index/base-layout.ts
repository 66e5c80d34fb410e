import type { Document } from './document.ts'

/** Key space of the index inside its sublevel. */
export const META_KEY = 'meta'
/** The log of the delta: `log/<number>`. */
export const LOG_RANGE = { gte: 'log/', lt: 'log0' }
/** All bases. */
export const BASES_RANGE = { gte: 'base/', lt: 'base0' }

const padded = (number: number): string => number.toString(16).padStart(12, '0')

export const logKeyOf = (number: number): string => `log/${padded(number)}`
export const logNumberOf = (key: string): number => Number.parseInt(key.slice(4), 16)

/** Columns of a base: one value per term, or per document in the order of ids (`nameSorted` and the odd ones: in their own). */
export type ColumnName =
  | 'termBytes'
  | 'termLengths'
  | 'termDf'
  | 'termPlace'
  | 'termPopularity'
  | 'nameBytes'
  | 'nameLengths'
  | 'nameSorted'
  | 'oddHash'
  | 'oddId'
  | 'popularity'
  | 'released'
  | 'quality'
  | 'public'
  | 'type'
  | 'publisher'
  | 'license'

export type BaseKeys = ReturnType<typeof baseKeysOf>

/** Keys of one base, which is written once and never changed. */
export function baseKeysOf(generation: number) {
  const prefix = `base/${padded(generation)}/`
  return {
    range: { gte: prefix, lt: `base/${padded(generation)}0` },
    document: (id: number) => `${prefix}d/${id.toString(36).padStart(6, '0')}`,
    page: (page: number) => `${prefix}p/${page.toString(36).padStart(6, '0')}`,
    column: (name: ColumnName) => (page: number) => `${prefix}c/${name}/${page}`,
    labels: `${prefix}labels`,
  }
}

/** The texts that the columns `type`, `publisher` and `license` number. */
export interface Labels {
  readonly types: readonly string[]
  readonly publishers: readonly string[]
  readonly licenses: readonly string[]
}

/** The one mutable value: which base counts, and up to where the log is in it. */
export interface Meta extends BaseSize {
  readonly tokeniser: number
  /** Log entries up to this number are in the base. */
  readonly mergedThrough: number
}

/** What must be known of a base to read it. */
export interface BaseSize {
  readonly generation: number
  readonly documents: number
  readonly terms: number
  readonly termBytes: number
  readonly nameBytes: number
  /** Documents whose key does not tell their name. */
  readonly odd: number
}

export type LogEntry = { readonly upsert: Document } | { readonly remove: string }
