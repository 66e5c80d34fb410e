import type { FeedStore } from '../../federation/index.ts'
import {
  encodePackSection,
  type FeedHead,
  MAX_FEED_RANGE_BYTES,
  PACK_SECTION_BYTES,
  type PublisherId,
  packedBytesOf,
} from '../../protocol/index.ts'

export interface PackParts {
  readonly store: Pick<FeedStore, 'heads' | 'range'>
  readonly publishers: readonly PublisherId[]
  /** Whether a feed may go out to everyone, and is whole here. */
  readonly mayPack: (feed: FeedHead) => boolean
  readonly packBytes: number
}

/** The records of some publishers as they go into one pack. */
export interface MadePack {
  readonly bytes: Uint8Array
  readonly records: number
  readonly first: PublisherId
  readonly last: PublisherId
}

const RECORDS_A_RANGE = 1_000

/** The main branches of all feeds that may go out, publisher by publisher in order of their ids, in packs of about `packBytes`. */
export async function* makePacks(parts: PackParts, signal: AbortSignal): AsyncGenerator<MadePack> {
  const filling = new Filling(parts.packBytes)
  for (const publisher of parts.publishers.toSorted()) {
    for await (const envelope of recordsOf(parts, publisher)) {
      signal.throwIfAborted()
      if (filling.isFull(publisher, envelope)) yield filling.take()
      filling.add(publisher, envelope)
    }
  }
  if (!filling.isEmpty) yield filling.take()
}

/** A publisher without its root records is none. */
async function* recordsOf({ store, mayPack }: PackParts, publisher: PublisherId): AsyncGenerator<Uint8Array> {
  const mains = new Map<string, FeedHead>()
  for (const head of await store.heads(publisher)) if (!mains.has(head.feed)) mains.set(head.feed, head)
  for (const { feed, seq, id: to } of [...mains.values()].filter(mayPack)) {
    for (let from = 1; from <= seq; ) {
      const bounds = { from, to, limit: RECORDS_A_RANGE, maxBytes: MAX_FEED_RANGE_BYTES }
      const range = await store.range(publisher, feed, bounds)
      if (range.length === 0) break
      yield* range
      from += range.length
    }
  }
}

/** The pack that is being filled. */
class Filling {
  readonly #packBytes: number
  readonly #sections = new Map<PublisherId, Uint8Array[]>()
  #bytes = 0
  #records = 0

  constructor(packBytes: number) {
    this.#packBytes = packBytes
  }

  get isEmpty(): boolean {
    return this.#records === 0
  }

  isFull(publisher: PublisherId, envelope: Uint8Array): boolean {
    return !this.isEmpty && this.#bytes + this.#costOf(publisher, envelope) > this.#packBytes
  }

  add(publisher: PublisherId, envelope: Uint8Array): void {
    this.#bytes += this.#costOf(publisher, envelope)
    this.#records++
    const section = this.#sections.get(publisher)
    if (section === undefined) this.#sections.set(publisher, [envelope])
    else section.push(envelope)
  }

  take(): MadePack {
    const publishers = [...this.#sections.keys()]
    const sections = [...this.#sections].map(([publisher, envelopes]) => encodePackSection({ publisher, envelopes }))
    const made = {
      bytes: Buffer.concat(sections),
      records: this.#records,
      first: publishers[0]!,
      last: publishers.at(-1)!,
    }
    this.#sections.clear()
    this.#bytes = 0
    this.#records = 0
    return made
  }

  #costOf(publisher: PublisherId, envelope: Uint8Array): number {
    return packedBytesOf(envelope) + (this.#sections.has(publisher) ? 0 : PACK_SECTION_BYTES)
  }
}
