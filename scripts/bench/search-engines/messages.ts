import type { EngineName, PackageIdentity } from './contender.ts'
import type { AskedQuery } from './query-file.ts'

/** What an engine's process is asked to do, one thing at a time. */
export type EngineRequest =
  | { readonly do: 'load'; readonly engine: EngineName; readonly peers: string }
  | { readonly do: 'build'; readonly corpus: string; readonly folder: string }
  | { readonly do: 'open'; readonly folder: string }
  | { readonly do: 'search'; readonly query: AskedQuery }
  | { readonly do: 'lookup'; readonly packages: readonly PackageIdentity[] }
  | { readonly do: 'close' }

/** What came of it; the process took the times itself. */
export interface EngineAnswer {
  /** Ms of the work alone. */
  readonly ms: number
  /** Names of the hits, best first. */
  readonly names: readonly string[]
  /** Ms of each lookup; null: the engine has none. */
  readonly times: readonly number[] | null
  /** Lookups that found their package. */
  readonly found: number
  /** The most bytes that a build had in memory. */
  readonly peakBytes: number
  /** What was thrown, or null. */
  readonly error: string | null
}
