import { type FeedId, type PeerId, type PublisherId, type RecordId, ROOT_FEED } from '../../protocol/index.ts'
import { RecentTexts } from '../recent-texts.ts'
import { type Allowance, Budgets } from './budgets.ts'
import * as limits from './limits.ts'

/** What an announcement says before its signature was checked. */
export interface Claim {
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly seq: number
  readonly id: RecordId
  /** `record`: the envelope itself; `head`: only its signed place. */
  readonly form: 'record' | 'head'
  /** Length of the announcement. */
  readonly bytes: number
}

/** Why a message claims nothing; `newer`: of a form that a later version may know. */
export type Unclaimed = 'too long' | 'not an announcement' | 'newer'

/** What an announcement says of a record's place; an own record has no form. */
type Place = Pick<Claim, 'publisher' | 'feed' | 'seq' | 'id'> & { readonly form?: Claim['form'] }

/** The first answer, before any signature is checked. */
export type Arrival = { readonly is: 'verify' } | Ignored | Rejected
/** The last answer: accepted announcements are relayed; `next` is what this node itself does with them. */
export type Verdict = { readonly is: 'accept'; readonly next: 'store' | 'sync' | 'nothing' } | Rejected
export interface Ignored {
  readonly is: 'ignore'
  readonly why: 'newer' | 'known' | 'stale' | 'publisher over budget' | 'peer over budget'
}
export interface Rejected {
  readonly is: 'reject'
  readonly why: 'size' | 'shape' | 'signature'
}

const PEER: Allowance = { messages: limits.PEER_MESSAGES, bytes: limits.PEER_BYTES }
const UNKNOWN: Allowance = { messages: limits.UNKNOWN_PUBLISHER_MESSAGES, bytes: limits.UNKNOWN_PUBLISHER_BYTES }
const FOLLOWED: Allowance = { messages: limits.FOLLOWED_PUBLISHER_MESSAGES, bytes: limits.FOLLOWED_PUBLISHER_BYTES }

/**
 * Judges announcements, cheap checks before dear ones: size, shape, known, sequence window, budgets, signature (specification section 14).
 * What fails on shape or signature is the forwarder's fault and rejected. A gap is no fault: it is relayed, and sync fetches the rest.
 */
export class GossipMachine {
  readonly #peers = new Budgets<PeerId>()
  readonly #publishers = new Budgets<string>()
  /** Ids, and verified heads of records that are not here. */
  readonly #seen = new RecentTexts(limits.MAX_SEEN_RECORDS)
  readonly #newest = new Map<FeedId, number>()

  /** How full each bounded structure is. */
  get sizes() {
    return {
      peerBudgets: this.#peers.size,
      publisherBudgets: this.#publishers.size,
      seenRecords: this.#seen.size,
      seenFeeds: this.#newest.size,
    }
  }

  /** An announcement came from `peer`; `claim` is what it says, or why it says nothing. */
  arrived(peer: PeerId, claim: Claim | Unclaimed, followed: boolean, now: number): Arrival {
    if (claim === 'too long') return { is: 'reject', why: 'size' }
    if (claim === 'not an announcement') return { is: 'reject', why: 'shape' }
    if (claim === 'newer') return { is: 'ignore', why: 'newer' }
    if (this.#seen.has(claim.id) || this.#seen.has(newsOf(claim))) return { is: 'ignore', why: 'known' }
    if (claim.seq + limits.SEQUENCE_WINDOW < (this.#newest.get(claim.feed) ?? 0)) return { is: 'ignore', why: 'stale' }
    if (!this.#publishers.mayUse(budgetOf(claim, followed), claim.bytes, allowanceOf(followed), now))
      return { is: 'ignore', why: 'publisher over budget' }
    if (!this.#peers.mayUse(peer, claim.bytes, PEER, now)) return { is: 'ignore', why: 'peer over budget' }
    this.#peers.charge(peer, claim.bytes, PEER, now)
    return { is: 'verify' }
  }

  /** The signature was checked. Only now it is charged to the publisher: nobody can spend another's budget with forgeries. */
  verified(claim: Claim, isValid: boolean, followed: boolean, now: number): Verdict {
    if (!isValid) return { is: 'reject', why: 'signature' }
    this.#publishers.charge(budgetOf(claim, followed), claim.bytes, allowanceOf(followed), now)
    this.remember(claim)
    if (!followed) return { is: 'accept', next: 'nothing' }
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
    const newest = Math.max(seq, this.#newest.get(feed) ?? 0)
    this.#newest.delete(feed)
    this.#newest.set(feed, newest)
    if (this.#newest.size > limits.MAX_SEEN_FEEDS) this.#newest.delete(this.#newest.keys().next().value!)
  }
}

/** What is known once an announcement was verified. A record is its id; whoever signs a head may name any id as their own. */
const newsOf = ({ form, publisher, feed, seq, id }: Place): string =>
  form === 'head' ? `${publisher}/${feed}/${seq}/${id}` : id

const allowanceOf = (followed: boolean): Allowance => (followed ? FOLLOWED : UNKNOWN)

/** A followed publisher's feeds are counted each by itself, so that a stranger's feed under its name spends nothing of theirs. */
const budgetOf = ({ publisher, feed }: Claim, followed: boolean): string =>
  followed ? `${publisher}/${feed}` : publisher
