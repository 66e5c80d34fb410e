import type { PeerId } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import { COVER_LOOK_MS, DOUBTED_AFTER_SEARCHES, MAX_COVER_DIALS, MAX_RECORDS, SEARCHING_MS } from './limits.ts'

/** What searches know of a peer: how often it was asked, and of which publishers (tags) hits of it verified. */
export interface Borne {
  readonly searches: number
  readonly proven: ReadonlySet<string>
}
type BorneOut = (peer: PeerId) => Borne
interface Holder {
  readonly peer: PeerId
  readonly held: ReadonlySet<string>
}

/**
 * Whom to connect so that searches, which ask connected peers alone, reach every publisher that nodes say they hold public packages of
 * (by tags). Only a node that searches needs it. A claim costs a place among a few, which count for nothing else, and the place goes to
 * another when searches never bore it out.
 */
export class SearchCover {
  readonly #held = new BoundedMap<PeerId, ReadonlySet<string>>(MAX_RECORDS)
  /** Dialled or connected for what they hold. */
  readonly #chosen = new Set<PeerId>()
  #picked: readonly PeerId[] = []
  #followed: ReadonlySet<string> = new Set()
  #borneOut: BorneOut = () => ({ searches: 0, proven: new Set() })
  #searchingUntil = Number.NEGATIVE_INFINITY
  #nextLookAt = Number.NEGATIVE_INFINITY

  /** A node says whose public packages it holds. */
  says(peer: PeerId, held: readonly string[]): void {
    if (held.length === 0) this.#held.delete(peer)
    else this.#held.set(peer, new Set(held))
  }

  /** This node searches, and has the packages of these publishers itself. */
  searches(followed: ReadonlySet<string>, borneOut: BorneOut, now: number): void {
    this.#followed = followed
    this.#borneOut = borneOut
    this.#searchingUntil = now + SEARCHING_MS
  }

  dialled(peer: PeerId): void {
    if (this.#picked.includes(peer)) this.#chosen.add(peer)
  }

  /** Its dial failed or its connection ended. */
  gone(peer: PeerId): void {
    this.#chosen.delete(peer)
  }

  isChosen(peer: PeerId): boolean {
    return this.#chosen.has(peer)
  }

  /** When to look again, ms. */
  nextDue(now: number): number {
    return now < this.#searchingUntil && this.#picked.length > 0 ? this.#nextLookAt : Number.POSITIVE_INFINITY
  }

  /** Peers that together hold most of what no connected peer holds: who adds most first, each that `mayDial`. Looked at once a second. */
  missing(isConnected: (peer: PeerId) => boolean, mayDial: (peer: PeerId) => boolean, now: number): readonly PeerId[] {
    if (now >= this.#searchingUntil) {
      this.#picked = [] // dialled later it is for another reason
      return []
    }
    if (now < this.#nextLookAt) return this.#picked
    this.#nextLookAt = now + COVER_LOOK_MS
    this.#picked = this.#pick(isConnected, mayDial)
    return this.#picked
  }

  #pick(isConnected: (peer: PeerId) => boolean, mayDial: (peer: PeerId) => boolean): PeerId[] {
    const holders = [...this.#held].map(([peer, held]) => ({ peer, held, likely: this.#likely(peer, held) }))
    const isHere = ({ peer }: Holder) => isConnected(peer) || this.#chosen.has(peer)
    const others = holders.filter(each => !isHere(each) && mayDial(each.peer))
    const covered = new Set(this.#followed)
    for (const { likely } of holders.filter(isHere)) for (const tag of likely) covered.add(tag)
    const likely = others.map(({ peer, likely }) => ({ peer, held: likely }))
    const picked = greedy(likely, covered, MAX_COVER_DIALS)
    // Whoever is still being dialled would count as this node's own choice once it is here.
    const spare = [...this.#chosen].filter(peer => isConnected(peer) && !this.#isUseful(peer))
    const missing = this.#chosen.size + picked.length - MAX_COVER_DIALS
    for (const peer of spare.slice(0, Math.max(0, missing))) this.#chosen.delete(peer)
    const free = Math.max(0, MAX_COVER_DIALS - this.#chosen.size)
    if (picked.length >= free) return picked.slice(0, free)
    // What is doubted has the places that nobody else needs.
    for (const { held } of holders.filter(isHere)) for (const tag of held) covered.add(tag)
    const rest = others.filter(({ peer }) => !picked.includes(peer))
    return [...picked, ...greedy(rest, covered, free - picked.length)]
  }

  /** Whoever claims nothing any more, or was forgotten for others' claims, is judged by its hits alone. */
  #isUseful(peer: PeerId): boolean {
    const held = this.#held.get(peer)
    return (held === undefined ? this.#borneOut(peer).proven : this.#likely(peer, held)).size > 0
  }

  /** What a peer may be taken to hold: what it claims, and once it was asked often, what its hits proved of that. */
  #likely(peer: PeerId, held: ReadonlySet<string>): ReadonlySet<string> {
    const { searches, proven } = this.#borneOut(peer)
    return searches < DOUBTED_AFTER_SEARCHES ? held : held.intersection(proven)
  }
}

/** Those that hold most of what is not covered, who adds most first, `most` of them; what they hold is covered then. */
function greedy(holders: readonly Holder[], covered: Set<string>, most: number): PeerId[] {
  const others = holders.map(each => ({ ...each, gain: Number.POSITIVE_INFINITY }))
  const picked: PeerId[] = []
  while (others.length > 0 && picked.length < most) {
    const best = others.reduce((a, b) => (b.gain > a.gain ? b : a))
    if (best.gain === 0) break
    // A gain only falls, so most need not be counted again.
    const gain = best.held.difference(covered).size
    if (gain < best.gain) {
      best.gain = gain
      continue
    }
    picked.push(best.peer)
    for (const tag of best.held) covered.add(tag)
    best.gain = 0
  }
  return picked
}
