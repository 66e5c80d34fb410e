import type { ContenderName, Wanted } from './contender.ts'

/** What a process of the benchmark is to do first. */
export type Task =
  | { readonly do: 'serve'; readonly contender: ContenderName; readonly folder: string; readonly file: string }
  | { readonly do: 'receive'; readonly contender: ContenderName; readonly folder: string }
/** Afterwards: a server is asked what it used, a receiver to begin. */
export type Request = { readonly do: 'used' } | ({ readonly do: 'begin' } & Wanted)

/** Processor time of all threads since the process started, and the most memory it ever had. */
export interface Used {
  readonly cpuMs: number
  readonly peakBytes: number
}
/** A server is `ready` with its address, a receiver with ''. */
export type Answer =
  | { readonly is: 'ready'; readonly address: string }
  | { readonly is: 'used'; readonly used: Used }
  /** `ms` from before the connection until all is stored; what was used before is not counted. */
  | { readonly is: 'done'; readonly ms: number; readonly used: Used }
