import type { MemberState, PeerId } from '../../protocol/index.ts'

export interface MembershipParts {
  /** Peer ids of `network.allow`: the operator's word, which no authority takes back. */
  readonly allow: readonly string[]
  /** What the network's authority says of peers; null: it has none. */
  readonly members: (() => ReadonlyMap<PeerId, MemberState>) | null
  /** Pinned and bootstrap peers, through which a newcomer comes to the authority's records. */
  readonly isChosen: (peer: PeerId) => boolean
}

/** Whom a node of a private network connects with. */
export class Membership {
  readonly #allow: ReadonlySet<string>
  readonly #parts: MembershipParts

  constructor(parts: MembershipParts) {
    this.#allow = new Set(parts.allow)
    this.#parts = parts
  }

  /** A peer that the authority removed stays out, though it be a bootstrap here. */
  admits(peer: PeerId): boolean {
    if (this.#allow.has(peer)) return true
    const { members, isChosen } = this.#parts
    if (members === null) return false
    return members().get(peer)?.isMember ?? isChosen(peer)
  }
}
