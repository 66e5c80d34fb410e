import type { Change } from './record-database.ts'

/** What a process that will be killed is told. */
export interface Orders {
  readonly folder: string
  readonly seed: number
  /** Packages there are numbers for. */
  readonly packages: number
  /** Whether to put all of them in first. */
  readonly fill: boolean
  /** Whether to end after the check. */
  readonly checkOnly: boolean
}

/** What it tells, a line of JSON each, on its way out before the next step begins. */
export type Message =
  | { readonly say: 'opening' }
  /** The state found: package numbers with their revisions, and what is wrong. */
  | { readonly say: 'found'; readonly records: readonly Change[]; readonly faults: readonly string[] }
  | { readonly say: 'changing'; readonly batch: number; readonly changes: readonly Change[] }
  | { readonly say: 'changed'; readonly batch: number }
  | { readonly say: 'merging' }
  /** The write that makes the new base count is about to be made. */
  | { readonly say: 'swapping' }
  /** That write is done; what it replaced goes. */
  | { readonly say: 'cleaning' }
  | { readonly say: 'merged'; readonly tookMs: number }
