import type { MemberState, PeerId } from '../../protocol/index.ts'
import type { Config } from '../config/index.ts'

export interface MembershipParts {
  /** Peer ids of `network.allow`: the operator's word, which no authority takes back. */
  readonly allow: readonly string[]
  /** What the network's authority says of peers; null: it has none. */
  readonly members: (() => ReadonlyMap<PeerId, MemberState>) | null
  /** Pinned and bootstrap peers, through which a newcomer comes to the authority's records. */
  readonly isChosen: (peer: PeerId) => boolean
}

/** What is wrong with settings by which no peer at all may connect: a sentence, or null. */
export function closedToAll({ mode, allow, authority }: Config['network']): string | null {
  if (mode !== 'private' || allow.length > 0 || authority !== undefined) return null
  return (
    'network.mode is private, and neither network.allow nor network.authority says who may connect: nobody can; ' +
    'set network.authority to the publisher that names the members, or network.allow to their peer ids, and restart'
  )
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
