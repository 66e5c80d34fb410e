import type { SpotCheck } from '../../federation/index.ts'
import type { PeerId, PublisherId } from '../../protocol/index.ts'

/** Peers and publishers remembered: 16 holders of each of 256 publishers; the one checked longest ago is forgotten. */
const MAX_HOLDERS = 4_096

/** What the last spot check of a peer showed about a publisher's bytes. */
export interface HolderCheck {
  readonly outcome: SpotCheck
  /** ms since 1970. */
  readonly at: number
}

/** What spot checks showed, by publisher and peer. */
export class HolderRecord {
  readonly #checks = new Map<string, HolderCheck>()

  note(publisher: PublisherId, peer: PeerId, check: HolderCheck): void {
    const key = `${publisher}/${peer}`
    this.#checks.delete(key)
    this.#checks.set(key, check)
    if (this.#checks.size > MAX_HOLDERS) this.#checks.delete(this.#checks.keys().next().value!)
  }

  of(publisher: PublisherId, peer: PeerId): HolderCheck | null {
    return this.#checks.get(`${publisher}/${peer}`) ?? null
  }
}
