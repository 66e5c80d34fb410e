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

/** Keys of one base, which is written once and never changed. */
export function baseKeysOf(generation: number) {
  const prefix = `base/${padded(generation)}/`
  return {
    range: { gte: prefix, lt: `base/${padded(generation)}0` },
    document: (slot: number) => `${prefix}d/${padded(slot)}`,
    id: (key: string) => `${prefix}k/${key}`,
    page: (page: number) => `${prefix}p/${padded(page)}`,
    dictionary: (page: number) => `${prefix}t/${padded(page)}`,
    column: (name: 'popularity' | 'type' | 'publisher' | 'public' | 'slot' | 'names') => `${prefix}c/${name}`,
  }
}

/** The one mutable value: which base counts, and up to where the log is in it. */
export interface Meta {
  readonly tokeniser: number
  readonly generation: number
  /** Log entries up to this number are in the base. */
  readonly mergedThrough: number
  readonly documents: number
  readonly dictionaryPages: number
}

export type LogEntry = { readonly upsert: Document } | { readonly remove: string }
