import type { FeedHead, HeadCookie, PeerId, PublisherId } from '../../protocol/index.ts'

/** What the sync machine asks its driver to do; `ask` numbers the answer that is expected. */
export type SyncEffect =
  | {
      readonly do: 'askHeads'
      readonly ask: number
      readonly peer: PeerId
      readonly publishers: readonly PublisherId[]
      /** Absent: whole heads. null: and a cookie, if the peer gives any. Else what changed since it; any number of publishers. */
      readonly since?: HeadCookie | null
    }
  /** Fetch the chain that ends at `head`, verify and commit it. `from` null: where the main branch held ends. */
  | {
      readonly do: 'askRange'
      readonly ask: number
      readonly peer: PeerId
      readonly head: FeedHead
      readonly from: number | null
      readonly pinned: boolean
      /** How much is asked for at once. */
      readonly enoughBytes: number
    }
  | { readonly do: 'subscribe'; readonly peer: PeerId; readonly publishers: readonly PublisherId[] }
  /** The answer to `ask` is no longer waited for. */
  | { readonly do: 'cancel'; readonly ask: number }
  | { readonly do: 'dropPeer'; readonly peer: PeerId; readonly why: DropReason }
  /** Call `wake` at this time, ms. */
  | { readonly do: 'wakeAt'; readonly at: number }
/** `bad record`: what no honest peer sends. `unreliable`: too many offers not kept, for whatever reason. */
export type DropReason = 'bad record' | 'unreliable'

/** A head that a peer offers and this node does not hold. */
export interface Offer {
  readonly head: FeedHead
  /** The root's void names it: wanted from anyone, kept beyond the bound on rivals. */
  readonly pinned: boolean
}

/** What an `askHeads` was answered, beside the heads. */
export interface HeadsAnswer {
  /** From when on to ask for changes; null: the peer gives no cookies. */
  readonly cookie: HeadCookie | null
  /** The peer does not know the cookie any more, and did not tell all that was asked for: it is asked for whole heads. */
  readonly isOver: boolean
  /** More was told than this node takes of one peer at once: it is asked for again. */
  readonly isCut: boolean
}

/** How an `askRange` ended. */
export type RangeOutcome =
  /** The head is held now; `helped`: this answer brought records that were missing. */
  | { readonly is: 'held'; readonly helped: boolean }
  /** The chain is held up to `next`, where it goes on; `bytes` came of it; `short`: far less than was asked for. */
  | {
      readonly is: 'more'
      readonly next: number
      readonly bytes: number
      readonly helped: boolean
      readonly short: boolean
    }
  /** The chain does not join what is held: it starts at `from`, a rival branch leaves ours earlier. */
  | { readonly is: 'apart'; readonly from: number }
  /** No root record held here delegates the feed: perhaps one comes. */
  | { readonly is: 'undelegated' }
  /** The feed holds enough rivals. */
  | { readonly is: 'refused' }
  /** It goes on with a record that only a later version of the format can read. */
  | { readonly is: 'newer' }
  /** This node is just forgetting the publisher. */
  | { readonly is: 'forgotten' }
  /** The peer does not have it after all. */
  | { readonly is: 'empty' }
  /** A signature, chain or shape that no honest node sends. */
  | { readonly is: 'bad' }
  | { readonly is: Failure }

/** `failed`: the peer or the way to it. `local`: this node's own store or threads, no fault of the peer. */
export type Failure = 'failed' | 'local'
