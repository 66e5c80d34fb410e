import {
  type BlockId,
  type FeedId,
  mayServe,
  type PeerId,
  type PublisherId,
  type Servable,
} from '../../protocol/index.ts'
import type { ArtifactStore } from '../storage/index.ts'
import type { FeedAccess } from './feed-access.ts'
import type { RelationBook } from './relation-book.ts'

/** Asks `mayServe` for feeds and blocks: the one door behind which the content protocol, feeds, search and bitswap stand. */
export class ServeGate {
  readonly #access: FeedAccess
  readonly #artifacts: ArtifactStore
  readonly #relations: RelationBook
  readonly #sharesUpstreams: boolean

  /** `sharesUpstreams`: what this node states of upstreams opens their bytes; switched off, it does not. */
  constructor(access: FeedAccess, artifacts: ArtifactStore, relations: RelationBook, sharesUpstreams = false) {
    this.#sharesUpstreams = sharesUpstreams
    this.#access = access
    this.#artifacts = artifacts
    this.#relations = relations
  }

  mayServeFeed(feed: { readonly publisher: PublisherId; readonly feed: FeedId }, peer: PeerId): boolean {
    const visibility = this.#access.visibilityOf(feed)
    const audience = this.#access.audienceOf(feed)
    const blocked = this.#relations.relationOf(feed.publisher).block
    return mayServe({ kind: 'feed', visibility, audience, blocked }, { kind: 'peer', peer }).may
  }

  /** A block may go where an artifact it belongs to may: what was released here or pulled in is decided by own records alone. */
  async mayServeBlock(cid: BlockId, peer: PeerId): Promise<boolean> {
    for (const sha256 of await this.#artifacts.artifactsOf(cid)) {
      const isOwn = await this.#artifacts.marks.isOwn(sha256)
      const isPulled = await this.#artifacts.marks.isPulled(sha256)
      if (isPulled && !this.#sharesUpstreams && !this.#access.isReleasedHere(sha256)) continue
      const listedBy = await this.#artifacts.marks.listedBy(sha256)
      const { visibility, audience, publishers } = this.#access.namedBy(sha256, { isOwn, isPulled, listedBy })
      const blocked = publishers.length > 0 && publishers.every(id => this.#relations.relationOf(id).block)
      const what: Servable = { kind: 'block', visibility, audience, blocked }
      if (mayServe(what, { kind: 'peer', peer }).may) return true
    }
    return false
  }
}
