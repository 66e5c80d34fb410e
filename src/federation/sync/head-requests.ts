import {
  encodeFeedRequest,
  type FeedHead,
  HEADS_SINCE_FEATURE,
  type HeadCookie,
  type HeadsSinceEnd,
  MAX_ASKED_PUBLISHERS,
  type PeerId,
  type PublisherId,
  parseHeads,
  parseHeadsSince,
} from '../../protocol/index.ts'
import type { HeadsAnswer, Offer, SyncEffect } from './effects.ts'
import type { FeedClient } from './fetch-range.ts'
import { fromPeer, unlessPeerFailed } from './from-peer.ts'
import { HEADS_LOOKED_UP_AT_ONCE, MAX_HEADS_PARTS, MAX_WANTS_PER_PEER } from './limits.ts'
import { NamedTurns } from './named-turns.ts'

export interface HeadRequestsPorts {
  readonly client: FeedClient
  readonly isHeld: (head: FeedHead) => Promise<boolean>
  readonly isFollowed: (publisher: PublisherId) => boolean
  /** A peer named these heads of publishers that it was asked for. */
  readonly named: (peer: PeerId, heads: readonly FeedHead[]) => void
  /** Heads that voids of this publisher name as the true branch; held or not. */
  readonly pinnedHeads?: (publisher: PublisherId) => readonly FeedHead[]
  /** Whether peers that hold a publisher are likely to list it: one with public releases. Absent: none. */
  readonly isListed?: (publisher: PublisherId) => boolean
  /** Whether peers are asked for what changed of all that they list, and told of here are those that are not followed. Absent: no. */
  readonly everything?: { isWanted(): boolean; heard(publishers: Iterable<PublisherId>): void }
}

type AskHeads = Extract<SyncEffect, { do: 'askHeads' }>

/** The answer to an `askHeads`. */
interface Told {
  readonly offers: readonly Offer[]
  readonly answer: HeadsAnswer
  /** Of whom the peer was asked: of these it said what it holds, or that nothing changed. */
  readonly asked: readonly PublisherId[]
}

/** Publishers that are followed, those of them that are named, and whether all others that the peer lists are meant, too. */
interface ChangesAsk {
  readonly publishers: readonly PublisherId[]
  readonly named: readonly PublisherId[]
  readonly all: boolean
  readonly since: HeadCookie | null
}

const NO_COOKIE: HeadsAnswer = { cookie: null, isOver: false, isCut: false }
const NOT_ALL: HeadsAnswer = { ...NO_COOKIE, isCut: true }

/** Asks peers which heads they hold, whole or as what changed, and says which of them are missing here. */
export class HeadRequests {
  readonly #ports: HeadRequestsPorts
  readonly #turns = new NamedTurns()

  constructor(ports: HeadRequestsPorts) {
    this.#ports = ports
  }

  /** How full it is: peers of which not all is asked in one round. */
  get size(): number {
    return this.#turns.size
  }

  /**
   * What the machine asks a peer for; `bad` for an answer that is none of the protocol's. `onAnswer` hears when one of several requests is
   * answered and the next begins. @throws FederationError E_PEER_FAILED
   */
  async ask(effect: AskHeads, signal: AbortSignal, onAnswer: () => void = () => {}): Promise<Told | 'bad'> {
    const told = await this.#told(effect, signal, onAnswer)
    return told === 'bad' ? told : { ...told, offers: [...told.offers, ...(await this.#pinned(effect.publishers))] }
  }

  /** Those of the publishers asked for alone, and followed still: what nobody asked costs no look into the store. */
  async missing(
    heads: readonly FeedHead[],
    publishers: readonly PublisherId[],
    { peer = null, pinned = false }: { readonly peer?: PeerId | null; readonly pinned?: boolean },
  ): Promise<Offer[]> {
    const asked = new Set(publishers)
    const meant = heads.filter(({ publisher }) => asked.has(publisher) && this.#ports.isFollowed(publisher))
    if (peer !== null) this.#ports.named(peer, meant)
    const held: boolean[] = []
    for (let i = 0; i < meant.length; i += HEADS_LOOKED_UP_AT_ONCE) {
      const some = meant.slice(i, i + HEADS_LOOKED_UP_AT_ONCE)
      held.push(...(await Promise.all(some.map(head => this.#ports.isHeld(head)))))
    }
    return meant.filter((_, i) => !held[i]).map(head => ({ head, pinned }))
  }

  async #told({ peer, publishers, since }: AskHeads, signal: AbortSignal, onAnswer: () => void): Promise<Told | 'bad'> {
    if (since === undefined) return await this.#headsOf(peer, publishers, signal)
    if (since === null) this.#turns.forget(peer)
    if (await this.#tellsChanges(peer, signal)) {
      if (since === null || publishers.length <= MAX_ASKED_PUBLISHERS)
        return await this.#changesOfFew(peer, publishers, since, signal)
      return await this.#changesOfMany(peer, publishers, since, signal, onAnswer)
    }
    // One that gave a cookie and knows them no more was replaced by an older version.
    return since === null
      ? await this.#headsOf(peer, publishers, signal)
      : { offers: [], answer: { ...NO_COOKIE, isOver: true }, asked: [] }
  }

  async #tellsChanges(peer: PeerId, signal: AbortSignal): Promise<boolean> {
    const features = await unlessPeerFailed(this.#ports.client.features?.(peer, { signal }))
    return features?.has(HEADS_SINCE_FEATURE) ?? false
  }

  /** Heads that are missing here, no more than a peer may make us want; the rest comes when these are held. */
  async #headsOf(peer: PeerId, publishers: readonly PublisherId[], signal: AbortSignal): Promise<Told | 'bad'> {
    const offers: Offer[] = []
    let parts = 0
    for await (const part of fromPeer(
      this.#ports.client.request(peer, encodeFeedRequest({ ask: 'heads', publishers }), { signal }),
    )) {
      const heads = parseHeads(part)
      if (heads === null || ++parts > MAX_HEADS_PARTS) return 'bad'
      offers.push(...(await this.missing(heads, publishers, { peer })))
      if (offers.length >= MAX_WANTS_PER_PEER) return { offers, answer: NOT_ALL, asked: publishers }
    }
    return { offers, answer: NO_COOKIE, asked: publishers }
  }

  /** As `#headsOf`, of what changed since a cookie of publishers that one request names; null: all of them, and a first cookie. */
  async #changesOfFew(
    peer: PeerId,
    publishers: readonly PublisherId[],
    since: HeadCookie | null,
    signal: AbortSignal,
  ): Promise<Told | 'bad'> {
    const all = this.#ports.everything?.isWanted() ?? false
    return await this.#changes(peer, { publishers, named: publishers, all, since }, signal)
  }

  /**
   * Of more publishers than one request names all that the peer lists are asked for, and the others by name in as many requests as that
   * takes, where these are too many some in each round: the first cookie stands for all of them, as later ones know of later changes.
   */
  async #changesOfMany(
    peer: PeerId,
    publishers: readonly PublisherId[],
    since: HeadCookie,
    signal: AbortSignal,
    onAnswer: () => void,
  ): Promise<Told | 'bad'> {
    const { isListed = () => false } = this.#ports
    const unlisted = publishers.filter(id => !isListed(id))
    const turn = this.#turns.next(peer, since, unlisted)
    const withAll = turn.isAll ? turn.publishers.slice(0, MAX_ASKED_PUBLISHERS) : []
    const first = await this.#changes(peer, { publishers, named: withAll, all: true, since }, signal)
    if (first === 'bad' || first.answer.cookie === null || first.answer.isOver) return first
    const offers = [...first.offers]
    for (let i = withAll.length; i < turn.publishers.length; i += MAX_ASKED_PUBLISHERS) {
      onAnswer()
      const named = turn.publishers.slice(i, i + MAX_ASKED_PUBLISHERS)
      const next = await this.#changes(peer, { publishers, named, all: false, since: turn.since }, signal)
      if (next === 'bad') return next
      offers.push(...next.offers)
      const { isCut } = next.answer
      // Who was asked since an older cookie than the others may be told whole heads, which is as good.
      const isOver = turn.isAll && next.answer.isOver
      if (isOver || isCut || offers.length >= MAX_WANTS_PER_PEER)
        return { ...next, offers, answer: { ...NO_COOKIE, isOver, isCut: !isOver } }
    }
    this.#turns.ended(peer, turn, first.answer.cookie)
    if (turn.isAll) return { ...first, offers }
    const named = new Set(turn.publishers)
    return { ...first, offers, asked: publishers.filter(id => isListed(id) || named.has(id)) }
  }

  /** The answer to one request for what changed of these followed `publishers`. */
  async #changes(
    peer: PeerId,
    { publishers, named, all, since }: ChangesAsk,
    signal: AbortSignal,
  ): Promise<Told | 'bad'> {
    const { everything } = this.#ports
    const isMany = publishers.length > MAX_ASKED_PUBLISHERS
    const request = encodeFeedRequest({ ask: 'heads-since', publishers: named, all, since })
    const offers: Offer[] = []
    let parts = 0
    for await (const part of fromPeer(this.#ports.client.request(peer, request, { signal }))) {
      const said = parseHeadsSince(part)
      if (said === null || ++parts > MAX_HEADS_PARTS) return 'bad'
      if (!Array.isArray(said)) {
        const { boot, at, whole } = said as HeadsSinceEnd
        return { offers, answer: { cookie: { boot, at }, isOver: whole && isMany, isCut: false }, asked: publishers }
      }
      if (all) everything?.heard(new Set(said.map(({ publisher }) => publisher)))
      offers.push(...(await this.missing(said, publishers, { peer })))
      if (offers.length >= MAX_WANTS_PER_PEER) return { offers, answer: NOT_ALL, asked: publishers }
    }
    return 'bad'
  }

  async #pinned(publishers: readonly PublisherId[]): Promise<Offer[]> {
    const heads = publishers.flatMap(publisher => this.#ports.pinnedHeads?.(publisher) ?? [])
    return this.missing(heads, publishers, { pinned: true })
  }
}
