import { type Clock, type FeedClient, listedBy } from '../../federation/index.ts'
import type { PeerId, PublisherId } from '../../protocol/index.ts'
import { LIST_TIMEOUT_MS, LISTS_AT_ONCE, LISTS_EVERY_MS, MAX_LIST_PAGES, MAX_WAITING_LISTS } from './limits.ts'

export interface PublisherListsParts {
  readonly client: FeedClient
  readonly clock: Clock
  readonly isOn: () => boolean
  readonly connectedPeers: () => readonly PeerId[]
  readonly heard: (publishers: Iterable<PublisherId>) => void
}

/** Reads which publishers peers list: when one comes, when everything is followed from now on, and every half hour; of a few peers side by side. */
export class PublisherLists implements AsyncDisposable {
  readonly #parts: PublisherListsParts
  readonly #stop = new AbortController()
  readonly #waiting = new Set<PeerId>()
  #cancelTimer = () => {}
  readonly #reading = new Map<PeerId, Promise<void>>()

  constructor(parts: PublisherListsParts) {
    this.#parts = parts
    this.#wake()
  }

  /** Reads the list of a peer in its turn, where everything is followed. */
  read(peer: PeerId): void {
    if (!this.#parts.isOn() || this.#waiting.size >= MAX_WAITING_LISTS) return
    this.#waiting.add(peer)
    this.#readOn()
  }

  readAll(): void {
    for (const peer of this.#parts.connectedPeers()) this.read(peer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelTimer()
    this.#stop.abort()
    await Promise.all(this.#reading.values())
  }

  /** Begins with as many of those that wait as may be read; who left meanwhile is left out. */
  #readOn(): void {
    if (this.#stop.signal.aborted) return
    const connected = new Set(this.#parts.connectedPeers())
    for (const peer of this.#waiting) {
      if (this.#reading.size >= LISTS_AT_ONCE) break
      if (this.#reading.has(peer)) continue
      this.#waiting.delete(peer)
      if (connected.has(peer)) this.#begin(peer)
    }
  }

  #begin(peer: PeerId): void {
    const reading = this.#read(peer).finally(() => {
      this.#reading.delete(peer)
      this.#readOn()
    })
    this.#reading.set(peer, reading)
  }

  /** What a peer does not tell now is told by another, or the next time. */
  async #read(peer: PeerId): Promise<void> {
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
