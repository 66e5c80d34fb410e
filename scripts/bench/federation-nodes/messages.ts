/** What the benchmark asks of a process of nodes; each is answered by one message. */
export type Order =
  | { readonly do: 'start'; readonly homes: readonly string[] }
  | { readonly do: 'follow'; readonly publishers: readonly string[] }
  | { readonly do: 'dial'; readonly pairs: readonly (readonly [from: number, address: string])[] }
  | { readonly do: 'mesh'; readonly atLeast: number }
  | { readonly do: 'publish'; readonly node: number; readonly name: string }
  | { readonly do: 'wait'; readonly records: readonly string[]; readonly timeoutMs: number }
  | { readonly do: 'usage' }
  | { readonly do: 'report' }

/** One node that was started. */
export interface Started {
  readonly address: string
  readonly publisher: string
}

/** A record and when it was handed to gossip, ms since 1970. */
export interface Published {
  readonly id: string
  readonly at: number
}

/** What one node saw of one record: when it was accepted and relayed, and when stored, indexed and shown; ms since 1970. */
export interface Sight {
  readonly node: number
  readonly id: string
  readonly acceptedAt: number | null
  readonly storedAt: number | null
}

export interface Usage {
  /** Processor time so far, ms. */
  readonly cpuMs: number
  readonly rssBytes: number
}

export interface Report {
  readonly sights: readonly Sight[]
  /** Announcements that arrived, duplicates among them. */
  readonly copies: number
  /** Mesh peers and connections of each node. */
  readonly mesh: readonly number[]
  readonly connections: readonly number[]
}

export interface Answers {
  readonly start: readonly Started[]
  readonly follow: null
  readonly dial: null
  /** When the last node reached its mesh, ms since 1970. */
  readonly mesh: number
  readonly publish: Published
  /** Whether every node has them all. */
  readonly wait: boolean
  readonly usage: Usage
  readonly report: Report
}
