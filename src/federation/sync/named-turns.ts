import { type HeadCookie, MAX_ASKED_PUBLISHERS, type PeerId, type PublisherId } from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import { MAX_NAMED_REQUESTS, MAX_SYNC_PEERS } from './limits.ts'

const MOST = MAX_ASKED_PUBLISHERS * MAX_NAMED_REQUESTS

/** Publishers of which a peer is asked by name this time, and since when. */
export interface NamedTurn {
  readonly publishers: readonly PublisherId[]
  readonly since: HeadCookie
  /** They are all, and the cookie of the answer stands for them. */
  readonly isAll: boolean
  /** None is left after them. */
  readonly isLast: boolean
}

/** One way through all publishers, some each time: what changed of them since it began counts for the next. */
interface Sweep {
  readonly since: HeadCookie
  /** Since when the next asks. */
  readonly next: HeadCookie | null
  /** Who was named last; null: nobody yet. */
  readonly last: PublisherId | null
}

/** Whose turn it is to be asked for by name where there are more than one round may name: each in one of some rounds, nobody forgotten. */
export class NamedTurns {
  readonly #sweeps = new BoundedMap<PeerId, Sweep>(MAX_SYNC_PEERS)

  /** Peers that are asked for all in more than one round. */
  get size(): number {
    return this.#sweeps.size
  }

  /** `since`: the cookie of the peer's last answer, which stands for those who were all named then. */
  next(peer: PeerId, since: HeadCookie, publishers: readonly PublisherId[]): NamedTurn {
    const sweep = this.#sweeps.get(peer) ?? null
    const from = sweep?.last == null ? 0 : publishers.indexOf(sweep.last) + 1
    return {
      publishers: publishers.slice(from, from + MOST),
      since: sweep?.since ?? since,
      isAll: sweep === null && publishers.length <= MOST,
      isLast: from + MOST >= publishers.length,
    }
  }

  /** The turn was answered; `cookie`: of an answer from before it began. */
  ended(peer: PeerId, { publishers, since, isAll, isLast }: NamedTurn, cookie: HeadCookie): void {
    const next = this.#sweeps.get(peer)?.next ?? null
    if (isAll || (isLast && next === null)) this.#sweeps.delete(peer)
    else if (isLast && next !== null) this.#sweeps.set(peer, { since: next, next: null, last: null })
    else this.#sweeps.set(peer, { since, next: next ?? cookie, last: publishers.at(-1) ?? null })
  }

  /** The peer is asked for whole heads. */
  forget(peer: PeerId): void {
    this.#sweeps.delete(peer)
  }
}
