/** `ours` stores; `node` folds and indexes as well, as a whole node does; `snapshot` and `node-snapshot` take the records from packs. */
export const CONTENDERS = ['ours', 'node', 'snapshot', 'node-snapshot', 'hypercore', 'orbitdb'] as const
export type ContenderName = (typeof CONTENDERS)[number]

/** Where a contender works. */
export interface Place {
  /** Its own, empty at first. */
  readonly folder: string
  /** Where the others' packages are installed. */
  readonly packages: string
}

/** A server of records: how others reach it. */
export interface Served extends AsyncDisposable {
  readonly address: string
}

/** What goes to a receiver. */
export interface Wanted {
  readonly address: string
  readonly publishers: readonly string[]
  readonly records: number
}

/** One way to bring records from one process to another. */
export interface Contender {
  /** Serves the envelopes of a file. */
  serve(file: string, place: Place): Promise<Served>
  /** Opens its store; `receive` resolves once all records are verified and stored. */
  open(place: Place): Promise<{ receive(wanted: Wanted): Promise<void> } & AsyncDisposable>
}
