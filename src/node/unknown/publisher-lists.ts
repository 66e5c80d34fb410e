import { type Clock, type FeedClient, listedBy } from '../../federation/index.ts'
import type { PeerId, PublisherId } from '../../protocol/index.ts'
import { LIST_TIMEOUT_MS, LISTS_EVERY_MS, MAX_LIST_PAGES } from './limits.ts'

export interface PublisherListsParts {
  readonly client: FeedClient
  readonly clock: Clock
  readonly isOn: () => boolean
  readonly connectedPeers: () => readonly PeerId[]
  readonly heard: (publishers: Iterable<PublisherId>) => void
}

/** Reads which publishers peers list: when one comes, when everything is followed from now on, and every half hour; one peer after the other. */
export class PublisherLists implements AsyncDisposable {
  readonly #parts: PublisherListsParts
  readonly #stop = new AbortController()
  readonly #waiting = new Set<PeerId>()
  #cancelTimer = () => {}
  #work: Promise<void> = Promise.resolve()

  constructor(parts: PublisherListsParts) {
    this.#parts = parts
    this.#wake()
  }

  /** Reads the list of a peer in its turn, where everything is followed. */
  read(peer: PeerId): void {
    if (!this.#parts.isOn() || this.#waiting.has(peer)) return
    this.#waiting.add(peer)
    this.#work = this.#work.then(() => this.#read(peer))
  }

  readAll(): void {
    for (const peer of this.#parts.connectedPeers()) this.read(peer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelTimer()
    this.#stop.abort()
    await this.#work
  }

  /** What a peer does not tell now is told by another, or the next time. */
  async #read(peer: PeerId): Promise<void> {
    this.#waiting.delete(peer)
    if (this.#stop.signal.aborted) return
    const { client, heard, clock } = this.#parts
    const late = new AbortController()
    const cancel = clock.after(LIST_TIMEOUT_MS, () => late.abort())
    const signal = AbortSignal.any([this.#stop.signal, late.signal])
    try {
      for await (const page of listedBy(client, peer, { maxPages: MAX_LIST_PAGES, signal })) heard(page)
    } catch {
      // It left, or broke off.
    } finally {
      cancel()
    }
  }

  #wake(): void {
    this.#cancelTimer = this.#parts.clock.after(LISTS_EVERY_MS, () => {
      this.readAll()
      this.#wake()
    })
  }
}
