import {
  CONTENT_ALLOWANCE,
  contentProtocolOf,
  DIAL_BACK_ALLOWANCE,
  FEED_ALLOWANCE,
  MISSING_BLOCK_BYTES,
  PEERS_ALLOWANCE,
  PeerBudgets,
  type PeerBudgetsPorts,
  SEARCH_ALLOWANCE,
  SNAPSHOT_ALLOWANCE,
  snapshotProtocolOf,
} from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'

/** What naming a publisher adds to a request, bytes: so much is charged for one that is looked up unnamed. */
const PUBLISHER_BYTES = 64

/** The protocols of the kept streams, by name. */
export type Protocols = ReturnType<typeof protocolsOf>

/** The protocols that nodes of the network `net` speak over kept streams. */
export const protocolsOf = (net: string) => ({
  feed: `/hanse/${net}/feed/1`,
  content: contentProtocolOf(net),
  search: `/hanse/${net}/search/1`,
  peers: `/hanse/${net}/peers/1`,
  dialBack: `/hanse/${net}/dial-back/1`,
  snapshot: snapshotProtocolOf(net),
})

/** What each peer may ask for over each protocol, and what is charged beyond the bytes of its requests. */
export class PeerCharges {
  readonly budgets: PeerBudgets
  readonly #protocols: Protocols

  constructor(protocols: Protocols, onOver: NonNullable<PeerBudgetsPorts['onOver']>) {
    this.#protocols = protocols
    this.budgets = new PeerBudgets({
      allowances: {
        [protocols.feed]: FEED_ALLOWANCE,
        [protocols.content]: CONTENT_ALLOWANCE,
        [protocols.search]: SEARCH_ALLOWANCE,
        [protocols.peers]: PEERS_ALLOWANCE,
        [protocols.dialBack]: DIAL_BACK_ALLOWANCE,
        [protocols.snapshot]: SNAPSHOT_ALLOWANCE,
      },
      onOver,
    })
  }

  /** Charges a peer for feeds of publishers that it did not name; false: beyond its budget, or only after a wait. */
  mayLookUp(peer: PeerId, publishers: number): boolean {
    return this.budgets.chargeRequest(peer, this.#protocols.feed, publishers * PUBLISHER_BYTES) === 0
  }

  /** Charges a peer for a block that it asked for and that is not here. */
  missed(peer: PeerId): void {
    this.budgets.chargeBytes(peer, this.#protocols.content, MISSING_BLOCK_BYTES)
  }
}
