import type { FeedHead, FeedId, PublisherId, WellFormedRecord } from '../../protocol/index.ts'
import type { Damage } from '../storage/index.ts'

export const REPAIR_HINT = 'run: hanse doctor --repair'

/** What is known to be damaged or lost of the stored records, until the lost ones are back. */
export class KnownDamage {
  readonly #damage = new Map<PublisherId, Damage[]>()
  /** What is wrong, by publisher, for /readyz. */
  readonly #problems: Map<string, string>

  constructor(problems: Map<string, string>) {
    this.#problems = problems
  }

  /** Takes note of damage: of an own feed it stops the writer, of any it is told by /readyz until the lost records are back. */
  note(damage: Damage): void {
    const all = this.#damage.get(damage.publisher) ?? []
    all.push(damage)
    this.#tell(damage.publisher, all)
  }

  /** A record is here again. */
  heal({ publisher, id }: WellFormedRecord): void {
    const damage = this.#damage.get(publisher)
    const left = damage?.filter(({ lost }) => lost?.id !== id)
    if (left !== undefined && left.length < damage!.length) this.#tell(publisher, left)
  }

  /** Nothing of the publisher is kept here any more. */
  forget(publisher: PublisherId): void {
    this.#tell(publisher, [])
  }

  /** Records that were lost here. */
  lostHeads(publisher: PublisherId): readonly FeedHead[] {
    return (this.#damage.get(publisher) ?? []).flatMap(({ lost }) => lost ?? [])
  }

  /** Whether nothing of a feed is known to be damaged here. */
  isWhole({ publisher, feed }: { readonly publisher: PublisherId; readonly feed: FeedId }): boolean {
    return !(this.#damage.get(publisher) ?? []).some(damage => damage.feed === feed)
  }

  #tell(publisher: PublisherId, damage: Damage[]): void {
    const [first] = damage
    if (first === undefined) {
      this.#damage.delete(publisher)
      this.#problems.delete(publisher)
      return
    }
    this.#damage.set(publisher, damage)
    const more = damage.length > 1 ? ` (and ${damage.length - 1} more)` : ''
    this.#problems.set(publisher, `E_RECORD_CORRUPT: ${first.problem}${more}; ${REPAIR_HINT}`)
  }
}
