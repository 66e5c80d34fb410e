import { type FeedId, type PeerId, type PublisherId, type RecordId, ROOT_FEED } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import { RecentTexts } from '../recent-texts.ts'
import { Budgets } from './budgets.ts'
import * as limits from './limits.ts'

/** What an announcement says before its signature was checked. */
export interface Claim {
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly seq: number
  readonly id: RecordId
  /** sha-256 (hex) of the key list that signs a root feed's; '' in writer feeds, which are their keys. */
  readonly signer: string
  /** `record`: the envelope itself; `head`: only its signed place. */
  readonly form: 'record' | 'head'
  /** Length of the announcement. */
  readonly bytes: number
}

/** Why a message claims nothing; `newer`: of a form that a later version may know. */
export type Unclaimed = 'too long' | 'not an announcement' | 'newer'

/** What an announcement says of a record's place; an own record has no form. */
type Place = Pick<Claim, 'publisher' | 'feed' | 'seq' | 'id' | 'signer'> & { readonly form?: Claim['form'] }

/**
 * Whose an announcement is, as far as it is known before its signature was checked. `authorised`: of a followed publisher, by keys that its
 * root feed names; `followed`: under its name by others, a new writer's or a stranger's.
 */
export type Whose = 'authorised' | 'followed' | 'unknown'

/** The first answer, before any signature is checked. */
export type Arrival = { readonly is: 'verify' } | Ignored | Rejected
/** The last answer: accepted announcements are relayed; `next` is what this node itself does with them. */
export type Verdict = { readonly is: 'accept'; readonly next: 'store' | 'sync' | 'nothing' } | Rejected
export interface Ignored {
  readonly is: 'ignore'
  readonly why: 'newer' | 'known' | 'stale' | 'feed over budget' | 'peer over budget'
}
export interface Rejected {
  readonly is: 'reject'
  readonly why: 'size' | 'shape' | 'signature'
}

/**
 * Judges announcements, cheap checks before dear ones: size, shape, known, sequence window, budgets, signature (specification section 14).
 * What fails on shape or signature is the forwarder's fault and rejected. A gap is no fault: it is relayed, and sync fetches the rest.
 *
 * A feed's budget keeps one writer from filling the topic. Feeds and publishers are free, so what bounds the whole is each forwarder's own,
 * one for what authorised keys say and a smaller one for all else: made-up feeds crowd out nobody's news but that of their like.
 */
export class GossipMachine {
  /** What a feed may say, and what a peer may bring of all such feeds. */
  readonly #authorised = {
    feeds: new Budgets<string>(limits.FOLLOWED_FEED_MESSAGES, limits.FOLLOWED_FEED_BYTES),
    peers: new Budgets<PeerId>(limits.PEER_MESSAGES, limits.PEER_BYTES),
  }
  readonly #unknown = {
    feeds: new Budgets<string>(limits.UNKNOWN_FEED_MESSAGES, limits.UNKNOWN_FEED_BYTES),
    peers: new Budgets<PeerId>(limits.PEER_UNKNOWN_MESSAGES, limits.PEER_UNKNOWN_BYTES),
  }
  /** Ids, and verified heads of records that are not here. */
  readonly #seen = new RecentTexts(limits.MAX_SEEN_RECORDS)
  readonly #newest = new BoundedMap<FeedId, number>(limits.MAX_SEEN_FEEDS)

  /** How full each bounded structure is. */
  get sizes() {
    return {
      peerBudgets: this.#authorised.peers.size,
      feedBudgets: this.#authorised.feeds.size,
      unknownPeerBudgets: this.#unknown.peers.size,
      unknownFeedBudgets: this.#unknown.feeds.size,
      seenRecords: this.#seen.size,
      seenFeeds: this.#newest.size,
    }
  }

  /** Whether the same was verified before, or its record is here. */
  isKnown(claim: Claim): boolean {
    return this.#seen.has(claim.id) || this.#seen.has(newsOf(claim))
  }

  /** An announcement came from `peer`; `claim` is what it says, or why it says nothing. */
  arrived(peer: PeerId, claim: Claim | Unclaimed, whose: Whose, now: number): Arrival {
    if (claim === 'too long') return { is: 'reject', why: 'size' }
    if (claim === 'not an announcement') return { is: 'reject', why: 'shape' }
    if (claim === 'newer') return { is: 'ignore', why: 'newer' }
    if (this.isKnown(claim)) return { is: 'ignore', why: 'known' }
    if (claim.seq + limits.SEQUENCE_WINDOW < (this.#newest.get(claim.feed) ?? 0)) return { is: 'ignore', why: 'stale' }
    const { feeds, peers } = this.#budgetsOf(whose)
    if (!feeds.mayUse(feedOf(claim), claim.bytes, now)) return { is: 'ignore', why: 'feed over budget' }
    if (!peers.mayUse(peer, claim.bytes, now)) return { is: 'ignore', why: 'peer over budget' }
    peers.charge(peer, claim.bytes, now)
    return { is: 'verify' }
  }

  /** The signature was checked. Only now it is charged to the feed: nobody can spend another's budget with forgeries. */
  verified(claim: Claim, isValid: boolean, whose: Whose, now: number): Verdict {
    if (!isValid) return { is: 'reject', why: 'signature' }
    this.#budgetsOf(whose).feeds.charge(feedOf(claim), claim.bytes, now)
    this.remember(claim)
    if (whose === 'unknown') return { is: 'accept', next: 'nothing' }
    return { is: 'accept', next: claim.form === 'record' ? 'store' : 'sync' }
  }

  /** A record is held: announcements of it are no news. Of the place that one claims nothing is believed. */
  held(id: RecordId): void {
    this.#seen.add(id)
  }

  /** A verified announcement, or an own record: it is no news any more, and its place is where its feed has come to. */
  remember(claim: Place): void {
    const { seq, feed } = claim
    this.#seen.add(newsOf(claim))
    if (feed === ROOT_FEED) return // anyone can sign a record that names itself a root: no stranger sets its window
    this.#newest.set(feed, Math.max(seq, this.#newest.get(feed) ?? 0))
  }

  #budgetsOf(whose: Whose) {
    return whose === 'authorised' ? this.#authorised : this.#unknown
  }
}

/** What is known once an announcement was verified. A record is its id; whoever signs a head may name any id as their own. */
const newsOf = (place: Place): string =>
  place.form === 'head' ? `${feedOf(place)}/${place.seq}/${place.id}` : place.id

/** Feeds are counted each by its own keys: what strangers sign under a publisher's name spends nothing of what it may say. */
const feedOf = ({ publisher, feed, signer }: Place): string => `${publisher}/${feed}/${signer}`
