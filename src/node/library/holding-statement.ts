import {
  type BlockId,
  type HoldsOp,
  MAX_HOLDS_ITEMS,
  type PeerId,
  type PublisherId,
  type Relation,
} from '../../protocol/index.ts'
import type { CopyBook } from './copy-book.ts'
import type { Library } from './library.ts'
import type { RelationBook } from './relation-book.ts'
import type { Writer } from './writer.ts'

export interface HoldingStatementParts {
  readonly library: { readonly catalogue: Pick<Library['catalogue'], 'publisher'> }
  readonly relations: Pick<RelationBook, 'known' | 'relationOf'>
  readonly writer: Pick<Writer, 'publisher' | 'write'>
  readonly peer: PeerId
  /** Whether others may look for this publisher's bytes and would not find this node by a list. */
  readonly isLookedFor: (publisher: PublisherId) => boolean
  /** What is kept of publishers of which not everything is. */
  readonly copies: Pick<CopyBook, 'due'>
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
      for (let due = await this.#due(); due.length > 0; due = await this.#due()) {
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

  async #due(): Promise<readonly HoldsOp[]> {
    const { library, relations, writer, peer, isNetworkOn, isLookedFor, copies } = this.#parts
    if (!isNetworkOn) return []
    const held = library.catalogue.publisher(writer.publisher)?.holds.find(each => each.peer === peer)
    const stated = held?.publishers ?? new Set<PublisherId>()
    const mirrored = new Set(relations.known().filter(publisher => isKeptWhole(relations.relationOf(publisher))))
    // What this node released is here too: others need not probe for it.
    if (isLookedFor(writer.publisher)) mirrored.add(writer.publisher)
    const some = await copies.due((held?.cids ?? new Set()) as ReadonlySet<BlockId>)
    return [
      ...holdsOf(
        peer,
        [...mirrored].filter(publisher => !stated.has(publisher)),
        some.held,
        false,
      ),
      ...holdsOf(
        peer,
        [...stated].filter(publisher => !mirrored.has(publisher)),
        some.gone,
        true,
      ),
    ]
  }
}

const isKeptWhole = ({ mirror, copies }: Relation): boolean => mirror && copies === undefined

/** As much as one op takes; the rest is due afterwards. */
function holdsOf(
  peer: PeerId,
  publishers: readonly PublisherId[],
  cids: readonly BlockId[],
  undo: boolean,
): readonly HoldsOp[] {
  if (publishers.length + cids.length === 0) return []
  const some = { publishers: publishers.slice(0, MAX_HOLDS_ITEMS), cids: cids.slice(0, MAX_HOLDS_ITEMS) }
  return [{ op: 'holds', peer, ...some, undo }]
}
