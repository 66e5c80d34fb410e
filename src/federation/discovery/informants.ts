import type { PeerId } from '../../protocol/index.ts'
import { MAX_INFORMANTS } from './limits.ts'

interface Told {
  readonly from: PeerId | null
}
interface Informant {
  /** Candidates remembered by its word. */
  count: number
  right: number
  wrong: number
}

/** How well the peers that named candidates did: who names what nobody answers at is believed less. */
export class Informants {
  readonly #informants = new Map<PeerId, Informant>()

  told({ from }: Told): void {
    if (from === null) return
    const known = this.#informants.get(from) ?? { count: 0, right: 0, wrong: 0 }
    known.count++
    this.#informants.set(from, known)
    if (this.#informants.size > MAX_INFORMANTS) this.#forgetOne()
  }

  forget({ from }: Told): void {
    const known = this.#of(from)
    if (known !== undefined && known.count > 0) known.count--
  }

  countOf(from: PeerId): number {
    return this.#informants.get(from)?.count ?? 0
  }

  wasRight({ from }: Told): void {
    const known = this.#of(from)
    if (known !== undefined) known.right++
  }

  wasWrong({ from }: Told): void {
    const known = this.#of(from)
    if (known !== undefined) known.wrong++
  }

  /** 0 to 1: the share of its candidates that answered, 1 before anything is known. */
  creditOf({ from }: Told): number {
    const known = this.#of(from)
    return known === undefined ? 1 : (known.right + 1) / (known.right + known.wrong + 1)
  }

  #of(from: PeerId | null): Informant | undefined {
    return from === null ? undefined : this.#informants.get(from)
  }

  /** One of whose candidates none is left, else the first. */
  #forgetOne(): void {
    for (const [peer, { count }] of this.#informants) if (count === 0) return void this.#informants.delete(peer)
    this.#informants.delete(this.#informants.keys().next().value!)
  }
}
