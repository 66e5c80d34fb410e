import type { Readable } from 'node:stream'
import type { PackageName } from '../../protocol/index.ts'
import type { LastWithheld } from '../use-cases/last-withheld.ts'
import type { PublicBytes } from '../use-cases/public-bytes.ts'
import type { TokenRequest } from '../use-cases/tokens.ts'
import type { CacheServices, PurgeServices, UpstreamServices } from './cache-services.ts'
import type { PolicyServices } from './policy-services.ts'
import type { SearchServices } from './search-services.ts'

/** How a relation to a publisher is to change. */
export interface RelationChange {
  readonly action: 'follow' | 'unfollow' | 'allow' | 'disallow' | 'mirror' | 'unmirror' | 'block'
  readonly publisher: string
  readonly patterns: readonly string[]
  readonly as?: string
  /** Of `mirror`: how many copies are enough, or `all`: everything is kept. */
  readonly copies?: number | 'all'
  /** What `allow` and `disallow` are about; install unless said. */
  readonly for?: 'install' | 'origin' | 'advisory'
}

/**
 * What the HTTP API offers: each method is one use case of the node and returns the JSON that it answers with. `who` is
 * the asker's name in the audit log.
 */
export interface NodeServices extends SearchServices {
  status(asker: { readonly isAdmin: boolean }): Promise<object>
  publish(
    input: {
      readonly name: string
      readonly public: boolean
      readonly purl?: string
      readonly dryRun: boolean
      /** The local name of an audience. */
      readonly audience?: string
      /** Asked with the archive’s own name, before anything is signed; throws for one that may not be published. */
      readonly permit: (name: PackageName) => void
      readonly claimedMs?: number
    },
    bytes: Readable,
  ): Promise<object>
  info(purl: string): Promise<object>
  install(
    request: { readonly purl: string; readonly publisher?: string; readonly who: string },
    signal: AbortSignal,
  ): Promise<object>
  openArtifact(sha256: string): Promise<{ readonly size: number; readonly stream: Readable }>
  /** What everyone may have; all else is not found. */
  readonly publicBytes: {
    artifact(sha256: string): Promise<PublicBytes>
    /** The artifact whose root block this is. */
    whole(cid: string): Promise<PublicBytes>
    block(cid: string): Promise<PublicBytes>
  }
  changeRelation(change: RelationChange, who: string): Promise<object>
  publishers(): Promise<object>
  peers(): Promise<object>
  /** What peers are sending to this node now. */
  transfers(): Promise<readonly object[]>
  /** Who mirrors what, and the copies of each package; of all that is followed, or of one publisher. */
  federation(publisher: string | undefined): Promise<object>
  addPeer(multiaddr: string, who: string): Promise<object>
  removePeer(peer: string, who: string): Promise<object>
  routes(): Promise<object>
  addRoute(
    route: { readonly match: string; readonly to: string; readonly publish?: 'public' | 'private' },
    who: string,
  ): Promise<object>
  removeRoute(match: string, who: string): Promise<object>
  readonly audiences: {
    list(): Promise<object>
    add(name: string, peers: readonly string[], who: string): Promise<object>
    remove(name: string, peers: readonly string[], who: string): Promise<object>
  }
  readonly members: {
    list(): Promise<object>
    add(peer: string, name: string | undefined, who: string): Promise<object>
    remove(peer: string, who: string): Promise<object>
  }
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
