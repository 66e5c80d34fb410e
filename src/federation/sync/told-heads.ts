import type { HeadCookie, PeerId } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { HeadsAnswer } from './effects.ts'
import { MAX_ABSENT_COOKIES, WHOLE_HEADS_MS } from './limits.ts'

/** The request by which all that is followed is asked for: since when, and up to which followed publisher. */
export interface HeadsChain {
  readonly since: HeadCookie | null
  readonly upTo: number
}

/**
 * What one peer has told of its heads: the whole heads of the followed publishers up to a number, and what changed since. One
 * request at a time, each answer after the one before: so a cookie stands for all publishers up to `upTo`.
 */
export class ToldHeads {
  /** Since when changes can be asked for; null: whole heads are. */
  cookie: HeadCookie | null = null
  /** Followed publishers up to this number were told in whole. */
  upTo = 0
  /** It is time to ask for changes. */
  isDue = false
  /** Not all of the last answer was taken: what comes next is asked for again when what was taken is fetched. */
  isFull = false
  /** What was told is not all held or wanted here: cookies count again after the next whole exchange. */
  #isSpoilt = false
  /** When whole heads are asked for though changes could be, ms. */
  #wholeAt = 0

  /** A round begins, and nothing of the one before is under way: changes if they can be asked for, else everything once more. */
  begin(now: number): void {
    this.isFull = false
    this.isDue = this.cookie !== null && now < this.#wholeAt
    if (this.isDue) return
    this.#startOver()
    this.#isSpoilt = false
  }

  /** A request of the chain was answered. */
  answered({ since, upTo }: HeadsChain, { cookie, isOver }: HeadsAnswer, now: number, random: number): void {
    if (since === null) {
      if (this.upTo === 0) this.#began(cookie, now, random)
      this.upTo = upTo
    } else if (cookie === null) this.spoil()
    else if (isOver) this.#startOver()
    else if (!this.#isSpoilt) this.cookie = cookie
  }

  /** A head that was told is neither held nor wanted any more: the next round asks for whole heads. */
  spoil(): void {
    this.cookie = null
    this.isDue = false
    this.isFull = false
    this.#isSpoilt = true
  }

  /** Whole heads of everything are asked for next. */
  #startOver(): void {
    this.cookie = null
    this.upTo = 0
  }

  /** The first whole heads were told, by a peer that gives cookies or by one that does not. */
  #began(cookie: HeadCookie | null, now: number, random: number): void {
    if (this.#isSpoilt) return
    this.cookie = cookie
    this.#wholeAt = now + WHOLE_HEADS_MS * (0.8 + 0.4 * random)
  }
}

/** What peers have told, also of those that left with nothing open: a short break costs no whole exchange. */
export class ToldByPeers {
  readonly #told = new Map<PeerId, ToldHeads>()
  readonly #absent = new BoundedMap<PeerId, ToldHeads>(MAX_ABSENT_COOKIES)

  /** How full it is: peers here, and peers that left. */
  get sizes() {
    return { toldPeers: this.#told.size, absentCookies: this.#absent.size }
  }

  of(peer: PeerId): ToldHeads | undefined {
    return this.#told.get(peer)
  }

  came(peer: PeerId): ToldHeads {
    const told = this.#absent.get(peer) ?? new ToldHeads()
    this.#absent.delete(peer)
    this.#told.set(peer, told)
    return told
  }

  /** `isKept`: all that it told is held here. */
  left(peer: PeerId, isKept: boolean): void {
    const told = this.#told.get(peer)
    this.#told.delete(peer)
    if (told === undefined || told.cookie === null || !isKept) return
    this.#absent.set(peer, told)
  }
}
