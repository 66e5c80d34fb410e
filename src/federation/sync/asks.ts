import type { PeerId } from '../../protocol/index.ts'
import type { HeadsChain } from './told-heads.ts'
import type { Want } from './want.ts'

/** A request that its peer has not answered yet. */
export interface Ask {
  readonly peer: PeerId
  /** When it is given up, ms; never once it is here. */
  deadline: number
  /** What a range is asked for; null: heads. */
  readonly want: Want | null
  /** When others are asked beside it, ms; null: they are, or it is here. */
  lateAt: number | null
  /** The whole answer came: what it waits for is this node. */
  isHere: boolean
  /** Of a request for heads of all that is followed. */
  readonly chain?: HeadsChain
}

/** Requests under way, by their numbers. */
export class Asks {
  readonly #asks = new Map<number, Ask>()
  #last = 0

  get size(): number {
    return this.#asks.size
  }

  get(id: number): Ask | undefined {
    return this.#asks.get(id)
  }

  /** Ranges under way, but for those that are late: who keeps others waiting takes no place from them. */
  get ranges(): number {
    let ranges = 0
    for (const { want, lateAt, isHere } of this.#asks.values()) if (want && (isHere || lateAt !== null)) ranges++
    return ranges
  }

  /** Its number. */
  begin(ask: Ask): number {
    this.#asks.set(++this.#last, ask)
    return this.#last
  }

  /** What this peer was asked by that number, which is over; null: nothing. */
  end(id: number, peer: PeerId): Ask | null {
    const ask = this.#asks.get(id)
    if (ask?.peer !== peer) return null
    this.#asks.delete(id)
    return ask
  }

  /** Those under way; one that ends meanwhile is left out. */
  [Symbol.iterator](): Iterator<[number, Ask]> {
    return this.#asks[Symbol.iterator]()
  }

  /** When one of them has to be looked at, ms; infinity: none is under way. */
  nextAt(): number {
    let at = Number.POSITIVE_INFINITY
    for (const { deadline, lateAt } of this.#asks.values()) at = Math.min(at, lateAt ?? deadline)
    return at
  }
}
