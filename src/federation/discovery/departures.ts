import type { PeerId } from '../../protocol/index.ts'
import type { KeeperState } from './keeper-state.ts'

export interface DeparturesParts extends KeeperState {
  /** Whether a file or an answer passes with that peer now, or this node is reached through it; absent: never. */
  readonly isAtWork?: ((peer: PeerId) => boolean) | undefined
}

/** Which connected peers go: those there is no room or no use for, and one for each newcomer that was tried. */
export class Departures {
  readonly #parts: DeparturesParts

  constructor(parts: DeparturesParts) {
    this.#parts = parts
  }

  /** Who goes now: as there are too many, or as nothing comes of them. */
  due(now: number): PeerId[] {
    const { connections, isAtWork } = this.#parts
    const isKept = (peer: PeerId) => this.#isKept(peer)
    const isNeeded = (peer: PeerId) => isKept(peer) || isAtWork?.(peer) === true
    return [...connections.surplus(isKept, now), ...connections.quiet(isNeeded, now)]
  }

  /** Who goes for a peer that is here now, if it was tried: nobody while none is to spare. */
  forNewcomer(peer: PeerId, now: number): PeerId | null {
    const { connections, rotation, random } = this.#parts
    if (!rotation.ended(peer)) return null
    const anchors = new Set(connections.anchors(now))
    const isKept = (each: PeerId) => each === peer || (anchors.has(each) && connections.hasProven) || this.#isKept(each)
    return connections.spare(isKept, now, random)
  }

  #isKept(peer: PeerId): boolean {
    const { candidates, connections, cover, dht } = this.#parts
    const stays = (each: PeerId) => connections.stays(each)
    return candidates.isPinned(peer) || cover.isChosen(peer) || dht.isSoleHolder(peer, stays)
  }
}
