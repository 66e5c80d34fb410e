import { type HoldsOp, MAX_HOLDS_ITEMS, type PeerId, type PublisherId } from '../../protocol/index.ts'
import type { Library } from './library.ts'
import type { RelationBook } from './relation-book.ts'
import type { Writer } from './writer.ts'

export interface HoldingStatementParts {
  readonly library: { readonly catalogue: Pick<Library['catalogue'], 'publisher'> }
  readonly relations: Pick<RelationBook, 'known' | 'relationOf'>
  readonly writer: Pick<Writer, 'publisher' | 'write'>
  readonly peer: PeerId
  /** Whether any bytes are named in a public feed of this publisher. */
  readonly hasPublicPackage: (publisher: PublisherId) => boolean
  /** Nothing is signed for others on a node whose network is off. */
  readonly isNetworkOn: boolean
  /** Peers connected now. */
  readonly connectedPeers: () => readonly PeerId[]
  /** Told of a failure, once while it stays the same. */
  readonly onFailed: (why: string) => void
}

/**
 * Keeps what this node signs about the publishers whose bytes it keeps in step with the relations: what is missing, or too much, in
 * its own `holds` is written, and what cannot be written now is due until it is.
 */
export class HoldingStatement {
  readonly #parts: HoldingStatementParts
  #last: Promise<unknown> = Promise.resolve()
  #waiting: Promise<string | null> | null = null
  #failure: string | null = null
  #signed = ''

  constructor(parts: HoldingStatementParts) {
    this.#parts = parts
  }

  /**
   * Signs in the background what is due, after a start, a change or a connection. Without a peer nobody hears it, and a rolled-back
   * home would fork where no peer can show it its own longer chain.
   */
  look(): void {
    if (this.#parts.connectedPeers().length > 0) void this.sign()
  }

  /** Signs what is due by the relations of now; resolves null once nothing is, or to why it could not be signed yet. */
  sign(): Promise<string | null> {
    this.#waiting ??= this.#last.then(() => {
      this.#waiting = null
      return this.#sign()
    })
    this.#last = this.#waiting
    return this.#waiting
  }

  async #sign(): Promise<string | null> {
    try {
      for (let due = this.#due(); due.length > 0; due = this.#due()) {
        const text = JSON.stringify(due)
        // A statement that does not count, as in a voided feed, would be due for ever.
        if (text === this.#signed) break
        await this.#parts.writer.write('public', due)
        this.#signed = text
      }
      this.#failure = null
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      if (why !== this.#failure) this.#parts.onFailed(why)
      this.#failure = why
    }
    return this.#failure
  }

  #due(): readonly HoldsOp[] {
    const { library, relations, writer, peer, isNetworkOn, hasPublicPackage } = this.#parts
    if (!isNetworkOn) return []
    const held = library.catalogue.publisher(writer.publisher)?.holds.find(each => each.peer === peer)
    const stated = held?.publishers ?? new Set<PublisherId>()
    const mirrored = new Set(relations.known().filter(publisher => relations.relationOf(publisher).mirror))
    // What this node released is here too: others need not probe for it.
    if (hasPublicPackage(writer.publisher)) mirrored.add(writer.publisher)
    const holds = (publishers: Iterable<PublisherId>, undo: boolean): HoldsOp[] => {
      const named = [...publishers].slice(0, MAX_HOLDS_ITEMS)
      return named.length === 0 ? [] : [{ op: 'holds', peer, publishers: named, cids: [], undo }]
    }
    const missing = [...mirrored].filter(publisher => !stated.has(publisher))
    const tooMuch = [...stated].filter(publisher => !mirrored.has(publisher))
    return [...holds(missing, false), ...holds(tooMuch, true)]
  }
}
