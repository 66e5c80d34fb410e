import type { PeerId } from '../../protocol/index.ts'

/** One stream a peer and protocol. */
export class StreamsByPeer<T> {
  readonly #peers = new Map<PeerId, Map<string, T>>()

  get(peer: PeerId, protocol: string): T | undefined {
    return this.#peers.get(peer)?.get(protocol)
  }

  /** All streams with a peer, with their protocols; none left out or told twice though some end meanwhile. */
  of(peer: PeerId): readonly (readonly [string, T])[] {
    return [...(this.#peers.get(peer) ?? [])]
  }

  get peers(): Iterable<PeerId> {
    return this.#peers.keys()
  }

  /** Keeps a stream in place of any other. */
  keep(peer: PeerId, protocol: string, stream: T): void {
    const ofPeer = this.#peers.get(peer) ?? new Map<string, T>()
    ofPeer.set(protocol, stream)
    this.#peers.set(peer, ofPeer)
  }

  /** Keeps a stream no longer, unless another took its place. */
  drop(peer: PeerId, protocol: string, stream: T): void {
    const ofPeer = this.#peers.get(peer)
    if (ofPeer?.get(protocol) !== stream) return
    ofPeer.delete(protocol)
    if (ofPeer.size === 0) this.#peers.delete(peer)
  }

  /** Keeps no stream with a peer any longer. */
  dropAll(peer: PeerId): void {
    this.#peers.delete(peer)
  }
}
