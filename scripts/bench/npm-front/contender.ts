/** A registry that is measured. */
export interface Contender {
  readonly name: ContenderName
  /** Starts it at a port on a folder, empty or left by an earlier one: clients know a restarted server by the same address. */
  start(folder: string, port: number): Promise<RunningRegistry>
  /** Makes a stopped one's folder look as if an hour had passed: nothing it holds is fresh. */
  age(folder: string): Promise<void>
}

export type ContenderName = 'hanse' | 'verdaccio' | 'upstream'

export interface RunningRegistry extends AsyncDisposable {
  /** Ends with a slash. */
  readonly url: string
  /** Headers of somebody who may publish. */
  publisher(): Promise<Readonly<Record<string, string>>>
  /** Ms from its process's start to its first answer. */
  readonly readyMs: number
  /** MiB in memory now, or null for what runs in this process. */
  residentMiB(): Promise<number | null>
}

/** Backdating by this makes everything stale. */
export const AN_HOUR_MS = 3_600_000
