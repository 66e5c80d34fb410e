import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import {
  encodeHeads,
  encodeHeadsSinceEnd,
  encodeRange,
  type FeedHead,
  type FeedId,
  type FeedRequest,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  type RecordId,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import type { Network } from './network.ts'
import type { Participant } from './participant.ts'

/** What a liar does about the ranges it is asked for. */
export const LIES = ['silent', 'empty', 'foreign', 'drip'] as const
export type Lie = (typeof LIES)[number]

/** How long until a liar that was dropped dials again, ms. */
const REDIAL_MS = 1_000
/** Time between the heads that a liar makes up for its subscribers, ms. */
const PUSH_MS = 10_000
/** Time between the single records that a drip gives, ms: less than what counts as late. */
const DRIP_MS = 4_000
const FOREIGN_FEED = `01${'f'.repeat(64)}` as FeedId

/** A peer that offers true heads at false places and heads of no record at all, delivers next to nothing, and dials again when dropped. */
export class Liar implements Participant {
  readonly peer: PeerId
  readonly isHonest = false
  readonly #network: Network
  readonly #lie: Lie
  readonly #known: readonly WellFormedRecord[]

  /** `known`: records it could serve, also as the wrong ones; it may grow. */
  constructor(network: Network, name: string, lie: Lie, known: readonly WellFormedRecord[]) {
    this.peer = name as PeerId
    this.#network = network
    this.#lie = lie
    this.#known = known
  }

  admits(): boolean {
    return true
  }

  connected(): void {}

  disconnected(other: PeerId): void {
    this.#network.world.after(REDIAL_MS, () => this.#network.dial(this, this.#network.at(other)))
  }

  hears(): void {}

  async *answers(_: PeerId, payload: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const request = parseFeedRequest(payload)!
    if (request.ask === 'range') yield* this.#range(request, signal)
    else if (request.ask === 'heads') yield* encodeHeads(this.#heads(request.publishers))
    else if (request.ask === 'heads-since') {
      yield* encodeHeads(this.#heads(request.publishers))
      yield encodeHeadsSinceEnd({ boot: 'a lie', at: this.#below(1_000), whole: false })
    } else if (request.ask === 'subscribe')
      while (!signal.aborted) {
        await this.pause(PUSH_MS, signal)
        yield* encodeHeads(this.#heads(request.publishers))
      }
  }

  #heads(publishers: readonly PublisherId[]): FeedHead[] {
    return publishers.flatMap(publisher => {
      const known = this.#known.filter(record => record.publisher === publisher)
      const feeds = [...new Set([ROOT_FEED, ...known.map(({ feed }) => feed), FOREIGN_FEED])]
      const madeUp = feeds.map(feed => ({ publisher, feed, seq: 1_000_000 + this.#below(1_000), id: this.#recordId() }))
      const misplaced = known.map(({ feed, seq, id }) => ({ publisher, feed, seq: Math.max(1, seq - 1), id }))
      const atPlace = known.map(({ feed, seq, id }) => ({ publisher, feed, seq, id }))
      return [...madeUp, ...misplaced.slice(-2), ...atPlace.slice(-2)]
    })
  }

  async *#range(
    { publisher, feed, from }: Extract<FeedRequest, { ask: 'range' }>,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const ofFeed = this.#known.filter(record => record.publisher === publisher && record.feed === feed)
    switch (this.#lie) {
      case 'silent':
        return await this.pause(Number.POSITIVE_INFINITY, signal)
      case 'empty':
        yield encodeRange([])
        return
      case 'foreign':
        yield encodeRange(this.#known.slice(-3).map(({ envelope }) => envelope))
        return
      case 'drip':
        await this.pause(DRIP_MS, signal)
        yield encodeRange(ofFeed.filter(({ seq }) => seq === from).map(({ envelope }) => envelope))
    }
  }

  /** Rejects when the signal aborts. */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')))
      if (ms < Number.POSITIVE_INFINITY) this.#network.world.after(ms, resolve)
    })
  }

  #recordId(): RecordId {
    const digest = Uint8Array.from({ length: 32 }, () => this.#below(256))
    return CID.createV1(0x71, create(0x12, digest)).toString() as RecordId
  }

  #below(limit: number): number {
    return Math.floor(this.#network.world.random() * limit)
  }
}
