import { FederationError } from '../../federation/index.ts'
import { type FeedHead, type FeedId, ROOT_FEED } from '../../protocol/index.ts'

/** Finds out that another process writes with this node's keys, a copy of its home: then this one writes no more. */
export class CloneWatch {
  /** The first record of each feed that this process wrote. */
  readonly #firstWritten = new Map<FeedId, number>()
  #found: FederationError | null = null

  /** E_FEED_CLONED, or null. */
  get found(): FederationError | null {
    return this.#found
  }

  wrote(feed: FeedId, seq: number): void {
    if (!this.#firstWritten.has(feed)) this.#firstWritten.set(feed, seq)
  }

  /**
   * A record of an own feed came from a peer; `heads` are those held of the publisher now. Before this process wrote anything, or where
   * it wrote behind that record, it is the longer chain of a rolled-back home, which is adopted; otherwise, or on another branch, a
   * copy wrote it.
   */
  came(head: FeedHead, heads: readonly FeedHead[]): void {
    const isOneChain = heads.filter(({ feed }) => feed === head.feed).length === 1
    // The root feed is written by every node of the publisher: a restored one adds its delegates.
    if (isOneChain && (head.feed === ROOT_FEED || this.#isAdopted(head))) return
    const problem = `a peer holds record ${head.seq} of a feed of this node that this node did not write`
    this.#found = new FederationError('E_FEED_CLONED', problem, {
      hint: 'stop the other copy of this node; then restart this one to adopt the longer chain',
    })
  }

  /** Asking peers found it. */
  told(error: FederationError): void {
    this.#found = error
  }

  #isAdopted({ feed, seq }: FeedHead): boolean {
    const first = this.#firstWritten.get(feed)
    return first === undefined ? this.#firstWritten.size === 0 : seq < first
  }
}
