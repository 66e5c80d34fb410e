import { BoundedMap, type SpotCheck } from '../../federation/index.ts'
import type { PeerId, PublisherId } from '../../protocol/index.ts'

/** Peers and publishers remembered: 16 holders of each of 256 publishers; the one checked longest ago is forgotten. */
const MAX_HOLDERS = 4_096

/** What the last spot check of a peer showed about a publisher's bytes. */
export interface HolderCheck {
  readonly outcome: SpotCheck
  /** ms since 1970. */
  readonly at: number
}

/** A peer that did not show a publisher's bytes. */
export interface FailedHolder {
  readonly publisher: PublisherId
  readonly peer: PeerId
}

/** A peer that was neither connected nor proven for so long is no holder to count on, ms. */
const FORGOTTEN_MS = 24 * 60 * 60_000
/** The same for one not met since this node started, ms. */
const UNMET_MS = 60 * 60_000

/** What spot checks showed, by publisher and peer, and when peers were last met. */
export class HolderRecord {
  readonly #checks = new BoundedMap<string, HolderCheck>(MAX_HOLDERS)
  readonly #metAt = new BoundedMap<PeerId, number>(MAX_HOLDERS)
  readonly #startedAt: number

  /** ms since 1970. */
  constructor(startedAt: number) {
    this.#startedAt = startedAt
  }

  /** These peers are connected now. */
  met(peers: readonly PeerId[], now: number): void {
    for (const peer of peers) this.#metAt.set(peer, now)
  }

  /** Whether a peer was neither met nor proven to hold a publisher's bytes for so long that nobody should count on it. */
  isForgotten(publisher: PublisherId, peer: PeerId, now: number): boolean {
    const check = this.of(publisher, peer)
    const provenAt = check?.outcome === 'held' ? check.at : null
    const metAt = this.#metAt.get(peer) ?? null
    if (metAt === null && provenAt === null) return now - this.#startedAt > UNMET_MS
    return now - Math.max(metAt ?? 0, provenAt ?? 0) > FORGOTTEN_MS
  }

  note(publisher: PublisherId, peer: PeerId, check: HolderCheck): void {
    this.#checks.set(`${publisher}/${peer}`, check)
  }

  of(publisher: PublisherId, peer: PeerId): HolderCheck | null {
    return this.#checks.get(`${publisher}/${peer}`) ?? null
  }

  /** Whose last check of which publisher's bytes was not passed. */
  failed(): readonly FailedHolder[] {
    return [...this.#checks].flatMap(([key, { outcome }]) => {
      const [publisher, peer] = key.split('/') as [PublisherId, PeerId]
      return outcome === 'held' ? [] : [{ publisher, peer }]
    })
  }
}
