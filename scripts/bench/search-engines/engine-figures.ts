import type { ClassFigures } from './class-figures.ts'
import type { EngineName } from './contender.ts'

/** Everything measured of one engine; what it did not come to is null. */
export interface EngineFigures {
  readonly engine: EngineName
  /** Why it is missing from here on, or null. */
  error: string | null
  build: BuildFigures | null
  first: FirstFigures | null
  /** Bytes in memory after all queries, above a bare Node process. */
  memoryBytes: number | null
  lookup: LookupFigures | null
  readonly classes: Record<string, ClassFigures>
  odd: OddFigures | null
}

export interface BuildFigures {
  /** From the corpus as a stream to an index that is durable and closed. */
  readonly seconds: number
  readonly peakBytes: number
  readonly diskBytes: number
}

/** Of fresh processes: medians. */
export interface FirstFigures {
  /** From before the opening to the first answer. */
  readonly ms: number
  /** Bytes in memory then, above a bare Node process. */
  readonly memoryBytes: number
}

export interface LookupFigures {
  readonly asked: number
  readonly found: number
  readonly p50: number
  readonly p99: number
}

export interface OddFigures {
  /** Ms of each text, by what it is. */
  readonly ms: Readonly<Record<string, number>>
  /** What was thrown, by the text that did it. */
  readonly threw: Readonly<Record<string, string>>
}

export const noFigures = (engine: EngineName): EngineFigures => ({
  engine,
  error: null,
  build: null,
  first: null,
  memoryBytes: null,
  lookup: null,
  classes: {},
  odd: null,
})
