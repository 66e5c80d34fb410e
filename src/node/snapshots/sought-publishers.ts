import type { PublisherId } from '../../protocol/index.ts'
import { SNAPSHOT_AGE_MS } from './limits.ts'

/** Publishers that whole snapshots do not have, until makers make theirs anew. A manifest does not tell: its spans cover any id. */
export class SoughtPublishers {
  /** When, ms of the clock. */
  #soughtAt = new Map<PublisherId, number>()

  add(publishers: Iterable<PublisherId>, now: number): void {
    for (const publisher of publishers) this.#soughtAt.set(publisher, now)
  }

  /** Those that a snapshot may have, of all that are missing; whoever is not missing any more is forgotten. */
  mayBeFound(missing: readonly PublisherId[], now: number): readonly PublisherId[] {
    const sought = missing.flatMap(publisher => {
      const at = this.#soughtAt.get(publisher)
      return at !== undefined && now - at < SNAPSHOT_AGE_MS ? [[publisher, at] as const] : []
    })
    this.#soughtAt = new Map(sought)
    return missing.filter(publisher => !this.#soughtAt.has(publisher))
  }
}
