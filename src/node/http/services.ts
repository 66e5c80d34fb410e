import type { Readable } from 'node:stream'

/** One hit of `hanse search`. */
export interface SearchHit {
  readonly purl: string
  readonly publisher: string
  readonly publisherName: string | null
  readonly version: string | null
  readonly description: string
  /** 0 to 1; 1 is the best hit of this answer, and scores of two answers say nothing about each other. */
  readonly score: number
  readonly source: 'local' | 'federated'
  readonly relation: string
  /** Where the query matched; see the index's `Highlight`. */
  readonly highlights?: readonly object[]
}

/** How a relation to a publisher is to change. */
export interface RelationChange {
  readonly action: 'follow' | 'unfollow' | 'allow' | 'disallow' | 'mirror' | 'unmirror' | 'block'
  readonly publisher: string
  readonly patterns: readonly string[]
  readonly as?: string
}

/** What the HTTP API offers: each method is one use case of the node and returns the JSON that it answers with. */
export interface NodeServices {
  status(): Promise<object>
  publish(
    input: { readonly name: string; readonly public: boolean; readonly purl?: string; readonly dryRun: boolean },
    bytes: Readable,
  ): Promise<object>
  search(query: {
    readonly text: string
    readonly limit: number
    readonly local: boolean
    readonly type?: string
    readonly publisher?: string
  }): Promise<{ readonly hits: readonly SearchHit[]; readonly peers: object; readonly tookMs: number }>
  info(purl: string): Promise<object>
  install(request: { readonly purl: string; readonly publisher?: string }, signal: AbortSignal): Promise<object>
  openArtifact(sha256: string): Promise<{ readonly size: number; readonly stream: Readable }>
  changeRelation(change: RelationChange): Promise<object>
  publishers(): Promise<object>
  peers(): Promise<object>
  addPeer(multiaddr: string): Promise<object>
  removePeer(peer: string): Promise<object>
  routes(): Promise<object>
  addRoute(route: { readonly match: string; readonly to: string }): Promise<object>
  removeRoute(match: string): Promise<object>
  why(purl: string): Promise<object>
  config(): Promise<object>
  keys(): Promise<object>
  exportKeys(): Promise<object>
  /** The passphrase encrypts the keys; absent: the node's own `HANSE_BACKUP_PASSPHRASE`. */
  backup(passphrase: string | undefined): Promise<Readable>
  doctor(repair: boolean): Promise<object>
  /** `ready` is false while a part of the node does not do its work; `checks` says which. */
  health(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }>
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>
}
