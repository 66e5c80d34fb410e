import type { PeerId } from '../../protocol/index.ts'
import type { PeerHit } from './ask-peers.ts'
import type { VerifiedHit } from './verify-hit.ts'

/** Verified hits of one search, one for each publisher and package: of one feed the newest release, else the first that came. */
export class FoundHits {
  readonly #hits = new Map<string, PeerHit>()

  add(hit: VerifiedHit, peer: PeerId): void {
    const key = `${hit.publisher} ${hit.package}`
    const known = this.#hits.get(key)
    const isNewer = known === undefined || (known.at.feed === hit.at.feed && known.at.seq < hit.at.seq)
    const from = known?.from.includes(peer) ? known.from : [...(known?.from ?? []), peer]
    this.#hits.set(key, { ...(isNewer ? hit : known), from })
  }

  get size(): number {
    return this.#hits.size
  }

  all(): PeerHit[] {
    return [...this.#hits.values()]
  }
}
