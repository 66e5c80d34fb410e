import { BoundedMap } from '../../federation/index.ts'
import type { PeerId, PublisherId } from '../../protocol/index.ts'

/** How long it counts that a peer brought bytes of a publisher, ms: mirrors come and go in days, and who has them no more says so. */
const PROVEN_MS = 60 * 60_000
/** Publishers remembered, the one brought from longest ago is forgotten; peers of each: twice as many as are asked at first. */
const MAX_PUBLISHERS = 256
const MAX_PEERS = 8

/** Peers that brought a publisher's bytes of late: as good to ask as those that are signed to hold them. */
export class ProvenHolders {
  /** Until when, ms since 1970. */
  readonly #until = new BoundedMap<PublisherId, BoundedMap<PeerId, number>>(MAX_PUBLISHERS)

  add(publisher: PublisherId, peer: PeerId, now: number): void {
    const peers = this.#until.get(publisher) ?? new BoundedMap<PeerId, number>(MAX_PEERS)
    this.#until.set(publisher, peers)
    peers.set(peer, now + PROVEN_MS)
  }

  of(publisher: PublisherId, now: number): readonly PeerId[] {
    return [...(this.#until.get(publisher) ?? [])].flatMap(([peer, until]) => (until > now ? [peer] : []))
  }
}
