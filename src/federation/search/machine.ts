import type { PeerId } from '../../protocol/index.ts'
import { FOUND_PATIENCE_MS, HEDGE_MS, MAX_HEDGES, MIN_PATIENCE_MS, PATIENCE } from './limits.ts'
import type { PeerCandidate, PeerPlan } from './pick-peers.ts'

/** What the driver is to do. After `end` nothing follows. */
export type SearchEffect =
  | { readonly do: 'ask'; readonly peer: PeerId }
  /** Instead of an earlier one. */
  | { readonly do: 'wakeAt'; readonly at: number }
  | { readonly do: 'end'; readonly why: 'all' | 'late' | 'deadline' }

interface Asked extends PeerCandidate {
  readonly from: number
  /** Whether the answer waits for it. */
  readonly counts: boolean
  /** When its best hits, with which an answer begins, were taken; null: they are not here. */
  bestAt: number | null
  state: 'waiting' | 'answered' | 'failed'
  isHedged: boolean
}

/**
 * Decides whom one search asks when, and when it has waited long enough. Pure: `now` (ms) comes with every input, and each
 * answers with effects. It ends when all who count are heard, when those still silent took longer than they usually do (a little
 * once what was asked for is found, and of whom the best hits are here then no longer, else much), or at the deadline.
 */
export class SearchMachine {
  readonly #deadlineMs: number
  readonly #plan: PeerPlan
  readonly #reserve: PeerCandidate[]
  readonly #asked = new Map<PeerId, Asked>()
  #hedges = 0
  #deadline = 0
  #slowestMs = 0
  #isFound = false
  #isOver = false

  constructor(plan: PeerPlan, deadlineMs: number) {
    this.#plan = plan
    this.#reserve = [...plan.reserve]
    this.#deadlineMs = deadlineMs
  }

  /** Peers asked so far, and those of them that answered in full. */
  get counts(): { readonly asked: number; readonly answered: number } {
    return { asked: this.#asked.size, answered: this.#answered().length }
  }

  start(now: number): SearchEffect[] {
    this.#deadline = now + this.#deadlineMs
    const first = this.#plan.first.map(peer => this.#ask(peer, true, now))
    const extras = this.#plan.extras.map(peer => this.#ask(peer, false, now))
    return [...first, ...extras, ...this.#next(now)]
  }

  /** A peer's answer ended; one that failed is replaced at once. */
  ended(peer: PeerId, how: 'answered' | 'failed', now: number): SearchEffect[] {
    const asked = this.#asked.get(peer)
    if (this.#isOver || asked?.state !== 'waiting') return []
    asked.state = how
    if (how === 'answered') this.#slowestMs = Math.max(this.#slowestMs, now - asked.from)
    const hedge = how === 'failed' && asked.counts ? this.#hedge(asked, now) : []
    return [...hedge, ...this.#next(now)]
  }

  /** The beginning of a peer's answer, its best hits, was taken. */
  began(peer: PeerId, now: number): SearchEffect[] {
    const asked = this.#asked.get(peer)
    if (this.#isOver || asked === undefined || asked.bestAt !== null) return []
    asked.bestAt = now
    return this.#next(now)
  }

  /** What was asked for is here: what is missing would be more of it. */
  found(now: number): SearchEffect[] {
    if (this.#isOver || this.#isFound) return []
    this.#isFound = true
    return this.#next(now)
  }

  wake(now: number): SearchEffect[] {
    if (this.#isOver) return []
    const late = this.#waiting().filter(({ from, isHedged }) => !isHedged && now >= from + HEDGE_MS)
    return [...late.flatMap(each => this.#hedge(each, now)), ...this.#next(now)]
  }

  #next(now: number): SearchEffect[] {
    const waiting = this.#waiting()
    if (waiting.length === 0) return this.#end('all')
    if (now >= this.#deadline) return this.#end('deadline')
    // While nobody answered and nothing was found there is nothing to show.
    const hasNothing = this.#answered().length === 0 && !this.#isFound
    const patience = hasNothing ? this.#deadline : Math.max(...waiting.map(each => this.#until(each)))
    if (now >= patience) return this.#end('late')
    const hedges = this.#mayHedge()
      ? waiting.filter(({ isHedged }) => !isHedged).map(({ from }) => from + HEDGE_MS)
      : []
    return [{ do: 'wakeAt', at: Math.min(this.#deadline, patience, ...hedges) }]
  }

  /** How long one silent peer is waited for once another has answered. */
  #until({ from, usualMs, bestAt }: Asked): number {
    const rest = this.#isFound && bestAt !== null ? bestAt + FOUND_PATIENCE_MS : Number.POSITIVE_INFINITY
    return Math.min(rest, this.#whole({ from, usualMs }))
  }

  #whole({ from, usualMs }: Pick<Asked, 'from' | 'usualMs'>): number {
    const isMost = this.#answered().filter(({ counts }) => counts).length * 2 >= this.#counting().length
    if (usualMs === null && !isMost) return this.#deadline
    const usual = usualMs ?? this.#slowestMs
    return from + (this.#isFound ? usual + FOUND_PATIENCE_MS : Math.max(MIN_PATIENCE_MS, PATIENCE * usual))
  }

  #ask(peer: PeerCandidate, counts: boolean, now: number): SearchEffect {
    this.#asked.set(peer.peer, { ...peer, counts, from: now, bestAt: null, state: 'waiting', isHedged: false })
    return { do: 'ask', peer: peer.peer }
  }

  /** Asks whoever of the reserve holds most of what the peer was asked for. */
  #hedge(asked: Asked, now: number): SearchEffect[] {
    asked.isHedged = true
    if (!this.#mayHedge()) return []
    const held = heldBy(asked)
    const sharedWith = (peer: PeerCandidate) => [...heldBy(peer)].filter(tag => held.has(tag)).length
    const shared = this.#reserve.map(sharedWith)
    const [other] = this.#reserve.splice(shared.indexOf(Math.max(...shared)), 1)
    if (other === undefined) return []
    this.#hedges++
    return [this.#ask(other, true, now)]
  }

  #mayHedge(): boolean {
    return this.#reserve.length > 0 && this.#hedges < MAX_HEDGES
  }

  #end(why: 'all' | 'late' | 'deadline'): SearchEffect[] {
    this.#isOver = true
    return [{ do: 'end', why }]
  }

  #counting(): Asked[] {
    return [...this.#asked.values()].filter(({ counts }) => counts)
  }

  #waiting(): Asked[] {
    return this.#counting().filter(({ state }) => state === 'waiting')
  }

  #answered(): Asked[] {
    return [...this.#asked.values()].filter(({ state }) => state === 'answered')
  }
}

const heldBy = ({ proven, claimed }: PeerCandidate): ReadonlySet<string> =>
  (proven.size > 0 ? proven : claimed) ?? proven
