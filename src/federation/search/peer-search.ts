import {
  encodeSearchRequest,
  heldTagOf,
  type PeerId,
  ProtocolError,
  parseSearchHits,
  type SearchHit,
  type SearchRequest,
  shortNameOf,
} from '../../protocol/index.ts'
import type { AskPeersPorts, PeerAnswer } from './ask-peers.ts'
import { FoundHits } from './found-hits.ts'
import { MAX_BAD_HITS, MAX_PEER_BYTES, PROBE_AFTER_MS } from './limits.ts'
import type { SearchEffect, SearchMachine } from './machine.ts'
import { hasEveryWord } from './neutral-score.ts'
import type { VerifiedHit } from './verify-hit.ts'

/** What each peer is asked, and how many hits are wanted of all. */
interface WholeSearch extends SearchRequest {
  readonly wanted: number
}

/**
 * Carries out what the machine of one search decides. Each peer's hits are verified one after the other, all peers' side by
 * side, so that a flood takes no more of the processor than one peer's turn. Who is late when the answer is given is heard out
 * until the deadline, unverified, to learn how long it takes.
 */
export class PeerSearch {
  readonly #ports: AskPeersPorts
  readonly #request: SearchRequest
  readonly #wanted: number
  readonly #machine: SearchMachine
  readonly #found = new FoundHits()
  readonly #answer = Promise.withResolvers<PeerAnswer>()
  readonly #deadline = new AbortController()
  /** When each was asked, ms. */
  readonly #waiting = new Map<PeerId, number>()
  /** Hits with every word of the query. */
  #full = 0
  #isGiven = false
  #cancelWake = (): void => {}

  constructor(ports: AskPeersPorts, { wanted, ...request }: WholeSearch, machine: SearchMachine) {
    this.#ports = ports
    this.#wanted = wanted
    this.#request = request
    this.#machine = machine
  }

  run(): Promise<PeerAnswer> {
    const { clock } = this.#ports
    const cancel = clock.after(this.#request.deadlineMs, () => {
      this.#blame()
      this.stop()
    })
    this.#deadline.signal.addEventListener('abort', cancel)
    this.#perform(this.#machine.start(clock.now()))
    return this.#answer.promise
  }

  /** Answers with what there is and cancels all that is still asked. */
  stop(): void {
    this.#give()
    this.#deadline.abort()
  }

  #perform(effects: readonly SearchEffect[]): void {
    const { clock } = this.#ports
    for (const effect of effects) {
      if (effect.do === 'ask') void this.#ask(effect.peer)
      else if (effect.do === 'end') this.#give()
      else {
        this.#cancelWake()
        const wake = () => this.#perform(this.#machine.wake(clock.now()))
        this.#cancelWake = clock.after(Math.max(0, effect.at - clock.now()), wake)
      }
    }
  }

  #give(): void {
    if (this.#isGiven) return
    this.#isGiven = true
    this.#cancelWake()
    const { asked, answered } = this.#machine.counts
    this.#answer.resolve({ hits: this.#found.all(), peers: { asked, answered, partial: answered < asked } })
    this.#rest()
  }

  /** Who had half of the time and did not end stalls. */
  #blame(): void {
    const { clock, known } = this.#ports
    const enough = clock.now() - this.#request.deadlineMs / 2
    for (const [peer, began] of this.#waiting) if (began <= enough) known.stalled(peer)
  }

  /** Once all is given and heard, nothing is left running. */
  #rest(): void {
    if (this.#isGiven && this.#waiting.size === 0) this.#deadline.abort()
  }

  /** Never throws: a peer that fails has not answered. */
  async #ask(peer: PeerId): Promise<void> {
    const { clock, known } = this.#ports
    const { signal } = this.#deadline
    const began = clock.now()
    this.#waiting.set(peer, began)
    const how = await this.#answerOf(peer, began)
    this.#waiting.delete(peer)
    if (signal.aborted) return
    if (how === 'answered') known.answered(peer, clock.now() - began)
    this.#perform(this.#machine.ended(peer, how, clock.now()))
    this.#rest()
  }

  async #answerOf(peer: PeerId, now: number): Promise<'answered' | 'failed'> {
    const { request, protocol, known, onOffence } = this.#ports
    const { signal } = this.#deadline
    const tellHeld = known.wantsClaims(peer, now)
    known.asked(peer, now)
    try {
      const asked = encodeSearchRequest({ ...this.#request, tellHeld })
      const messages = request(peer, protocol, asked, { signal, probeAfterMs: PROBE_AFTER_MS })
      if ((await this.#read(peer, messages)) === 'ended') return 'answered'
      if (!signal.aborted) onOffence?.(peer, 'record-invalid')
    } catch (error) {
      if (error instanceof ProtocolError && !signal.aborted) onOffence?.(peer, 'message-malformed')
    }
    return 'failed'
  }

  /** Takes hits until the answer ends or is as long as one may be. */
  async #read(peer: PeerId, messages: AsyncIterable<Uint8Array>): Promise<'ended' | 'bad'> {
    const { known, clock } = this.#ports
    const { signal } = this.#deadline
    let [bytes, left, bad] = [0, this.#request.k, 0]
    for await (const message of messages) {
      bytes += message.byteLength
      if (signal.aborted || bytes > MAX_PEER_BYTES) break
      const { hits, held } = parseSearchHits(message)
      if (held !== undefined) known.claims(peer, held, clock.now())
      for (const hit of hits.slice(0, left)) {
        if (this.#isGiven) break
        if (!(await this.#take(peer, hit)) && ++bad >= MAX_BAD_HITS) return 'bad'
      }
      if (hits.length > 0 && !signal.aborted) this.#perform(this.#machine.began(peer, clock.now()))
      // A message without hits also counts, so that empty ones cannot go on until the deadline.
      left -= Math.max(1, hits.length)
      if (left <= 0) break
    }
    return bad > 0 ? 'bad' : 'ended'
  }

  /** False for a hit that does not verify. */
  async #take(peer: PeerId, hit: SearchHit): Promise<boolean> {
    const { verify, accepts, isHeld, known } = this.#ports
    if (isHeld?.(hit)) return true
    const verified = await verify(hit)
    if (verified === null) return false
    if (this.#isGiven || verified === 'newer') return true
    known.proved(peer, heldTagOf(verified.publisher))
    if (this.#isAskedFor(verified) && accepts?.(verified) !== false) this.#add(verified, peer)
    return true
  }

  #add(hit: VerifiedHit, peer: PeerId): void {
    const before = this.#found.size
    this.#found.add(hit, peer)
    const { query } = this.#request
    // What only resembles the query says nothing about whether somebody has what was meant.
    if (this.#found.size > before && hasEveryWord(query, scoredOf(hit))) this.#full++
    const isNamed = shortNameOf(hit.package).endsWith(`:${query}`)
    if (isNamed || this.#full >= this.#wanted) this.#perform(this.#machine.found(this.#ports.clock.now()))
  }

  #isAskedFor(hit: VerifiedHit): boolean {
    const { type, publisher } = this.#request
    const isOfType = type === undefined || hit.package.startsWith(`pkg:${type}/`)
    return isOfType && (publisher ?? hit.publisher) === hit.publisher
  }
}

function scoredOf({ package: name, summary: { description = '', keywords = [] } }: VerifiedHit) {
  return { name: shortNameOf(name), description, keywords }
}
