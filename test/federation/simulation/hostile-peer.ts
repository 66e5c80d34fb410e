import {
  encodeAnnouncement,
  encodeHeads,
  encodeHeadsSinceEnd,
  encodeRange,
  type FeedHead,
  type FeedRequest,
  headOf,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  ROOT_FEED,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { type Ledger, textOf } from './ledger.ts'
import { LIES, Liar } from './liar.ts'
import type { Network } from './network.ts'
import type { Participant } from './participant.ts'
import {
  alibi,
  forgedHeadOf,
  forgedTwinOf,
  invalidRecords,
  madeUpHeads,
  misdated,
  strangersNews,
  twoBranches,
} from './villainy.ts'

/** What a hostile peer does; any mix of these. */
export const TRAITS = ['equivocate', 'replay', 'roll back', 'flood', 'withhold', 'back-date', 'trickle'] as const
export type Trait = (typeof TRAITS)[number]

/** Time between two bursts of announcements and of pushed heads, ms. */
const BURST_MS = 4_000
/** Within this comes a range of one that trickles, some records at a time, ms. */
const TRICKLE_MS = 6_000
/** How long until one that was dropped dials again, ms. */
const REDIAL_MS = 1_000
/** Announcements that it keeps to replay them. */
const MAX_HEARD = 32

interface HostileOptions {
  readonly ledger: Ledger
  readonly traits: readonly Trait[]
  readonly mayBePinned: readonly PublisherId[]
}

/** A peer that follows the protocol where that serves its traits, and breaks it otherwise. It knows all that was ever written. */
export class HostilePeer implements Participant {
  readonly peer: PeerId
  readonly isHonest = false
  readonly #network: Network
  readonly #ledger: Ledger
  readonly #traits: ReadonlySet<Trait>
  readonly #liar: Liar
  readonly #mayBePinned: ReadonlySet<PublisherId>
  /** Bare lies begin at this time, ms: who is caught early does no further harm. */
  readonly #boldFrom: number
  readonly #heard: Uint8Array[] = []
  /** Answers that prove to whoever gets them that this one lies. */
  readonly #proofs = new WeakSet<Uint8Array>()

  /** `mayBePinned`: publishers of which a node may ask in a void's name, so that a wrong answer proves nothing. */
  constructor(network: Network, name: string, { ledger, traits, mayBePinned }: HostileOptions) {
    this.#mayBePinned = new Set(mayBePinned)
    this.peer = name as PeerId
    this.#network = network
    this.#ledger = ledger
    this.#traits = new Set(traits)
    this.#liar = new Liar(network, name, LIES[this.#below(LIES.length)]!, ledger.written)
    this.#boldFrom = this.#below(90_000)
    for (const { envelope, head, isProof, what } of invalidRecords) {
      ledger.invalid.set(head.id, what)
      if (isProof) ledger.forged.add(textOf(encodeAnnouncement({ k: 'record', envelope })))
    }
    network.world.after(this.#below(BURST_MS), () => this.#burst())
  }

  admits(): boolean {
    return true
  }

  connected(): void {}

  disconnected(other: PeerId): void {
    this.#network.world.after(REDIAL_MS, () => this.#network.dial(this, this.#network.at(other)))
  }

  hears(from: Participant, bytes: Uint8Array): void {
    if (this.#heard.some(known => Buffer.compare(known, bytes) === 0)) return
    this.#heard.push(bytes)
    if (this.#heard.length > MAX_HEARD) this.#heard.shift()
    if (this.#has('flood')) this.#announceForged(forgedTwinOf(bytes))
    if (!this.#has('withhold')) this.#announce(bytes, from)
  }

  async *answers(peer: PeerId, payload: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const request = parseFeedRequest(payload)!
    if (this.#has('withhold') && this.#below(2) === 0) yield* this.#liar.answers(peer, payload, signal)
    else if (request.ask === 'range') yield* this.#range(peer, request, payload, signal)
    else if (request.ask === 'heads') yield* encodeHeads(this.#heads(peer, request.publishers))
    else if (request.ask === 'heads-since') {
      yield* encodeHeads(this.#heads(peer, request.publishers))
      yield encodeHeadsSinceEnd({ boot: 'a lie', at: this.#below(1_000), whole: this.#below(2) === 0 })
    } else if (request.ask === 'subscribe')
      while (!signal.aborted) {
        await this.#liar.pause(BURST_MS, signal)
        yield* encodeHeads(this.#heads(peer, request.publishers))
      }
  }

  delivered(to: PeerId, part: Uint8Array): void {
    if (this.#proofs.has(part)) this.#ledger.lies.push({ liar: this.peer, victim: to, at: this.#network.world.now() })
  }

  #burst(): void {
    if (this.#has('replay')) for (let i = 0; i < 3; i++) this.#announce(this.#heard[this.#below(this.#heard.length)])
    if (this.#has('flood')) this.#flood()
    if (this.#has('back-date')) this.#backDate()
    this.#network.world.after(BURST_MS / 2 + this.#below(BURST_MS), () => this.#burst())
  }

  #flood(): void {
    for (let i = 0; i < 3; i++) this.#announce(strangersNews[this.#below(strangersNews.length)])
    const record = this.#ledger.written[this.#below(this.#ledger.written.length)]
    if (record !== undefined && record.feed !== ROOT_FEED) this.#announceForged(forgedHeadOf(record))
  }

  /** Records that claim to be a day and more away, and such at the wrong places. */
  #backDate(): void {
    this.#announce(encodeAnnouncement({ k: 'record', envelope: misdated[this.#below(misdated.length)]!.envelope }))
    const { envelope } = invalidRecords[this.#below(invalidRecords.length)]!
    if (this.#isBold) this.#announce(encodeAnnouncement({ k: 'record', envelope }))
  }

  #heads(peer: PeerId, publishers: readonly PublisherId[]): FeedHead[] {
    const heads: FeedHead[] = []
    if (this.#has('equivocate')) heads.push(headOf(this.#branchFor(peer).at(-1)!))
    if (this.#has('roll back') || this.#has('replay')) heads.push(...this.#older().map(headOf))
    if (this.#has('flood')) heads.push(...publishers.flatMap(madeUpHeads))
    if (this.#has('back-date')) {
      heads.push(...this.#older().map(record => ({ ...headOf(record), seq: record.seq + 1 + this.#below(3) })))
      if (this.#isBold) heads.push(...invalidRecords.map(({ head }) => head))
    }
    return heads.filter(({ publisher }) => publishers.includes(publisher))
  }

  async *#range(
    peer: PeerId,
    { to, from, publisher }: Extract<FeedRequest, { ask: 'range' }>,
    payload: Uint8Array,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const invalid = invalidRecords.find(({ head }) => head.id === to)
    const known = [...this.#ledger.written, ...this.#branchFor(peer)]
    if (invalid !== undefined) {
      const { feed, seq } = invalid.head
      const before = alibi.filter(record => record.feed === feed && record.seq >= from && record.seq < seq)
      const part = encodeRange([...before, invalid].map(({ envelope }) => envelope))
      if (invalid.isProof) this.#proofs.add(part)
      yield part
      return
    }
    const chain = chainTo(
      known,
      known.find(({ id }) => id === to),
    ).filter(({ seq }) => seq >= from)
    if (chain.length === 0) {
      yield* this.#liar.answers(peer, payload, signal)
      return
    }
    if (this.#has('replay') && this.#isBold) {
      const others = this.#ledger.written.filter(record => record.publisher !== publisher)
      const part = encodeRange(others.slice(-2).map(({ envelope }) => envelope))
      if (others.length > 0 && !this.#mayBePinned.has(publisher)) this.#proofs.add(part)
      yield part
      return
    }
    if (this.#has('trickle')) {
      await this.#liar.pause(this.#below(TRICKLE_MS), signal)
      chain.splice(1 + this.#below(3))
    }
    const given = this.#has('roll back') ? chain.slice(0, Math.ceil(chain.length / 2)) : chain
    yield encodeRange(given.map(({ envelope }) => envelope))
  }

  /** Each half of the peers is shown another branch. */
  #branchFor(peer: PeerId): readonly WellFormedRecord[] {
    return twoBranches[peer.charCodeAt(peer.length - 1) % 2]!
  }

  /** Some records as if there were none after them. */
  #older(): WellFormedRecord[] {
    const { written } = this.#ledger
    return Array.from({ length: 4 }, () => written[this.#below(written.length)]).filter(record => record !== undefined)
  }

  #announceForged(bytes: Uint8Array | null): void {
    if (bytes === null) return
    this.#ledger.forged.add(textOf(bytes))
    this.#announce(bytes)
  }

  #announce(bytes: Uint8Array | undefined, except?: Participant): void {
    if (bytes === undefined) return
    for (const other of this.#network.neighbours(this))
      if (other !== except) this.#network.send(this, other, () => other.hears(this, bytes))
  }

  get #isBold(): boolean {
    return this.#network.world.now() >= this.#boldFrom
  }

  #has(trait: Trait): boolean {
    return this.#traits.has(trait)
  }

  #below(limit: number): number {
    return Math.floor(this.#network.world.random() * limit)
  }
}

/** From the first record of its feed to this one. */
function chainTo(known: readonly WellFormedRecord[], last: WellFormedRecord | undefined): WellFormedRecord[] {
  const chain: WellFormedRecord[] = []
  for (let at = last; at !== undefined; at = known.find(({ id }) => id === at?.prev)) chain.push(at)
  return chain.reverse()
}
