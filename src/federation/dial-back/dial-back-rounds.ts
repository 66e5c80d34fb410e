import type { DialBackAnswer, PeerId } from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import { AGAIN_MS, ASKED_PEERS, MAX_ASKED_PEERS, SETTLE_MS, UNKNOWN_AGAIN_MS } from './limits.ts'

/** Whether others can dial this node, by the words of those that were asked. */
export interface Reachability {
  readonly state: 'yes' | 'no' | 'unknown'
  /** How many peers tried. */
  readonly asked: number
  /** Multiaddrs that led here: by most words first. */
  readonly addresses: readonly string[]
}

export interface DialBackPorts {
  /** Connected peers that can be asked, in no order that matters. */
  peers(): readonly PeerId[]
  /** Multiaddrs at which this node listens or that it announces, at most 8; none: it cannot be dialled. */
  addresses(): readonly string[]
  /** Asks one peer; rejects when it cannot say. */
  ask(peer: PeerId, addresses: readonly string[], signal: AbortSignal): Promise<DialBackAnswer>
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
}

const UNKNOWN: Reachability = { state: 'unknown', asked: 0, addresses: [] }

/** Asks three peers to dial this node: soon after the first came, when its addresses changed, and every hour. */
export class DialBackRounds implements Disposable {
  readonly #ports: DialBackPorts
  readonly #closing = new AbortController()
  #reachability: Reachability = UNKNOWN
  #cancelTimer: (() => void) | null = null
  #dueMs = Number.POSITIVE_INFINITY
  #isRunning = false

  constructor(ports: DialBackPorts) {
    this.#ports = ports
  }

  get reachability(): Reachability {
    return this.#reachability
  }

  /** A peer came. */
  connected(): void {
    if (this.#dueMs === Number.POSITIVE_INFINITY) this.#schedule(SETTLE_MS)
  }

  /** What was known of the former addresses says nothing of the new ones. */
  addressesChanged(): void {
    this.#reachability = UNKNOWN
    this.#schedule(SETTLE_MS)
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Error('this node is closing'))
    this.#cancelTimer?.()
  }

  /** The earliest of all times asked for counts. */
  #schedule(ms: number): void {
    const { clock } = this.#ports
    if (this.#closing.signal.aborted || this.#isRunning || clock.now() + ms >= this.#dueMs) return
    this.#cancelTimer?.()
    this.#dueMs = clock.now() + ms
    this.#cancelTimer = clock.after(ms, () => void this.#round())
  }

  async #round(): Promise<void> {
    this.#isRunning = true
    const addresses = this.#ports.addresses()
    const answers = addresses.length === 0 ? [] : await this.#answersOf(addresses)
    const isSame = addresses.join() === this.#ports.addresses().join()
    this.#reachability = isSame ? reachabilityOf(answers) : UNKNOWN
    this.#isRunning = false
    this.#dueMs = Number.POSITIVE_INFINITY
    this.#schedule(this.#reachability.state === 'unknown' ? UNKNOWN_AGAIN_MS : AGAIN_MS)
  }

  async #answersOf(addresses: readonly string[]): Promise<readonly DialBackAnswer[]> {
    const { ask, random } = this.#ports
    const peers = this.#ports
      .peers()
      .map(peer => ({ peer, at: random() }))
      .toSorted((a, b) => a.at - b.at)
      .slice(0, MAX_ASKED_PEERS)
    const answers: DialBackAnswer[] = []
    for (const { peer } of peers) {
      if (answers.length >= ASKED_PEERS || this.#closing.signal.aborted) break
      const answer = await ask(peer, addresses, this.#closing.signal).catch(() => null)
      if (answer !== null && answer.reached.length + answer.failed.length > 0) answers.push(answer)
    }
    return answers
  }
}

/** One peer may lie or have no way: as most say. */
function reachabilityOf(answers: readonly DialBackAnswer[]): Reachability {
  const reached = answers.filter(answer => answer.reached.length > 0)
  const words = new Map<string, number>()
  for (const address of reached.flatMap(answer => answer.reached)) words.set(address, (words.get(address) ?? 0) + 1)
  const addresses = [...words].toSorted(([, a], [, b]) => b - a).map(([address]) => address)
  if (answers.length === 0) return UNKNOWN
  if (reached.length * 2 < answers.length) return { state: 'no', asked: answers.length, addresses: [] }
  return { state: 'yes', asked: answers.length, addresses: addresses.slice(0, 8) }
}
