import type { Readable } from 'node:stream'
import type { LookAlike, PackageName } from '../../protocol/index.ts'
import type { LastWithheld } from '../use-cases/last-withheld.ts'
import type { TokenRequest } from '../use-cases/tokens.ts'
import type { CacheServices, PurgeServices, UpstreamServices } from './cache-services.ts'
import type { PolicyServices } from './policy-services.ts'

/** What to search for; the lists say the same as `type:`, `license:` and so on in the text, see the README. */
export interface SearchRequest {
  /** Words and operators as typed. */
  readonly text: string
  readonly limit: number
  /** Ask no peer. */
  readonly local: boolean
  /** Show what the policy denies too. */
  readonly all?: boolean
  readonly types?: readonly string[]
  /** Names or ids. */
  readonly publishers?: readonly string[]
  readonly licenses?: readonly string[]
  readonly keywords?: readonly string[]
  readonly phrases?: readonly string[]
  readonly without?: readonly string[]
  /** allowed, mirrored, followed, own. */
  readonly is?: readonly string[]
}

/** What this node says of installing a hit from its publisher. */
export interface HitVerdict {
  readonly decision: 'allow' | 'hold' | 'deny'
  /** The first rule that objects; `route`: nothing but that no route leads to its publisher. */
  readonly rule: string | null
  readonly reason: string | null
  /** When a hold ends by itself, ISO 8601; null: when somebody decides. */
  readonly until: string | null
  /** Commands that change it, one a line; absent: none is known. */
  readonly hint?: string
  /** What the rules would decide if the policy were enforced; absent: the same. */
  readonly would?: Omit<HitVerdict, 'would'>
}

/** One hit of `hanse search`. */
export interface SearchHit {
  /** Package URL without version. */
  readonly purl: string
  /** As its ecosystem writes it. */
  readonly name: string
  readonly publisher: string
  readonly publisherName: string | null
  readonly version: string
  readonly description: string
  /** SPDX expression; '': none is known. */
  readonly license: string
  readonly keywords: readonly string[]
  /** 0 to 1; 1 is the best hit of this answer, and scores of two answers say nothing about each other. */
  readonly score: number
  readonly source: 'local' | 'federated'
  readonly relation: string
  /** When the release says it was made, ISO 8601; null: not known. */
  readonly released: string | null
  /** How much of what a reader needs the package tells, 0 to 1; null: not known. */
  readonly quality: number | null
  /** The trusted name that this one may be mistaken for; absent: none. */
  readonly looksLike?: LookAlike
  /** Where the query matched; see the index's `Highlight`. */
  readonly highlights: readonly object[]
  readonly verdict: HitVerdict
}

/** What a search found. */
export interface SearchAnswer {
  readonly hits: readonly SearchHit[]
  /** Better hits than the last one shown that the policy denies. */
  readonly hidden: number
  /** What of the text was not understood. */
  readonly notes: readonly string[]
  /** `partial`: some did not answer in time. */
  readonly peers: { readonly asked: number; readonly answered: number; readonly partial: boolean }
  readonly tookMs: number
}

/** How a relation to a publisher is to change. */
export interface RelationChange {
  readonly action: 'follow' | 'unfollow' | 'allow' | 'disallow' | 'mirror' | 'unmirror' | 'block'
  readonly publisher: string
  readonly patterns: readonly string[]
  readonly as?: string
  /** What `allow` and `disallow` are about; install unless said. */
  readonly for?: 'install' | 'origin' | 'advisory'
}

/**
 * What the HTTP API offers: each method is one use case of the node and returns the JSON that it answers with. `who` is
 * the asker's name in the audit log.
 */
export interface NodeServices {
  status(asker: { readonly isAdmin: boolean }): Promise<object>
  publish(
    input: {
      readonly name: string
      readonly public: boolean
      readonly purl?: string
      readonly dryRun: boolean
      /** Asked with the archive’s own name, before anything is signed; throws for one that may not be published. */
      readonly permit: (name: PackageName) => void
      readonly claimedMs?: number
    },
    bytes: Readable,
  ): Promise<object>
  search(query: SearchRequest): Promise<SearchAnswer>
  /** Names of packages held here that begin so. */
  complete(query: { readonly text: string; readonly limit: number }): Promise<object>
  info(purl: string): Promise<object>
  install(
    request: { readonly purl: string; readonly publisher?: string; readonly who: string },
    signal: AbortSignal,
  ): Promise<object>
  openArtifact(sha256: string): Promise<{ readonly size: number; readonly stream: Readable }>
  changeRelation(change: RelationChange, who: string): Promise<object>
  publishers(): Promise<object>
  peers(): Promise<object>
  addPeer(multiaddr: string, who: string): Promise<object>
  removePeer(peer: string, who: string): Promise<object>
  routes(): Promise<object>
  addRoute(
    route: { readonly match: string; readonly to: string; readonly publish?: 'public' | 'private' },
    who: string,
  ): Promise<object>
  removeRoute(match: string, who: string): Promise<object>
  why(purl: string): Promise<object>
  /** Of an asker with these names, null: of everybody. */
  lastWithheld(names: readonly string[] | null): LastWithheld
  readonly tokens: {
    list(): Promise<object>
    create(wanted: TokenRequest, who: string): Promise<object>
    revoke(name: string, who: string): Promise<object>
  }
  /** This node's own packages of a type, and their versions. */
  ownPackages(type: string): Promise<readonly object[]>
  /** Tags and deprecations that an own npm package had at another registry. */
  takeOver(state: {
    readonly name: string
    readonly tags: Readonly<Record<string, string>>
    readonly deprecated: Readonly<Record<string, string>>
  }): Promise<object>
  readonly upstreams: UpstreamServices
  readonly cache: CacheServices
  readonly purges: PurgeServices
  readonly policy: PolicyServices
  readonly advisories: {
    list(query: { readonly purl?: string; readonly limit: number }): Promise<object>
    /** OSV documents, one a line. */
    import(documents: Readable, who: string): Promise<object>
    remove(id: string, who: string): Promise<object>
  }
  /** What `hanse use` writes of. */
  clientSettings(): Promise<object>
  config(): Promise<object>
  keys(): Promise<object>
  exportKeys(who: string): Promise<object>
  /** The passphrase encrypts the keys; absent: the node's own `HANSE_BACKUP_PASSPHRASE`. */
  backup(passphrase: string | undefined, who: string): Promise<Readable>
  doctor(repair: boolean): Promise<object>
  /** `ready` is false while a part of the node does not do its work; `checks` says which. */
  health(): Promise<{ readonly ready: boolean; readonly checks: Readonly<Record<string, string>> }>
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>
}
