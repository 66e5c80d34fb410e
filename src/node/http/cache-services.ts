/** A registry to add; files are paths on the node's machine. */
export interface UpstreamRequest {
  readonly name: string
  readonly url: string
  readonly tokenFile?: string
  readonly username?: string
  readonly passwordFile?: string
  readonly caFile?: string
  readonly proxy?: string
  readonly trustTime?: boolean
}

/** `30d`, `5GB`. */
export interface PruneInput {
  readonly olderThan?: string
  readonly to?: string
  readonly dryRun: boolean
}

/** What the API offers about upstreams; `who` is for the audit log. */
export interface UpstreamServices {
  list(): Promise<readonly object[]>
  add(upstream: UpstreamRequest, who: string): Promise<object>
  remove(name: string, who: string): Promise<object>
}

/** What the API offers about the bytes kept of upstreams. */
export interface CacheServices {
  stats(): Promise<object>
  prune(request: PruneInput, who: string): Promise<object>
  pins(): Promise<readonly object[]>
  pin(purl: string, who: string, signal: AbortSignal): Promise<object>
  unpin(purl: string, who: string): Promise<object>
  verify(signal: AbortSignal): Promise<object>
}

/** What the API offers about bytes that the law took away. */
export interface PurgeServices {
  list(): Promise<readonly object[]>
  /** `what`: a CID, a sha-256 or a purl with its version. */
  purge(what: string, reference: string, who: string): Promise<object>
  undo(what: string, who: string): Promise<object>
}
