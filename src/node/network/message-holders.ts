/** Messages whose holders are remembered, some ten strings each: of ten seconds with a hundred records a second. */
const MAX_MESSAGES = 1_024
/** Peers remembered of one message: more than a node has connections. */
const MAX_HOLDERS = 512

interface Known {
  readonly holders: Set<string>
  readonly told: Set<string>
}

/** Which peers hold which of the latest messages: who sent or offered one holds it, who was sent or offered one was told. */
export class MessageHolders {
  readonly #known = new Map<string, Known>()

  get size(): number {
    return this.#known.size
  }

  isHeldBy(message: string, peer: string): boolean {
    return this.#known.get(message)?.holders.has(peer) ?? false
  }

  /** Whether it need not be offered to a peer. */
  wasTold(message: string, peer: string): boolean {
    const known = this.#known.get(message)
    return known !== undefined && (known.holders.has(peer) || known.told.has(peer))
  }

  heldBy(message: string, peer: string): void {
    addTo(this.#of(message).holders, peer)
  }

  /** An offer names what it likes: of a message that did not pass here nothing is remembered. */
  offeredBy(message: string, peer: string): void {
    const known = this.#known.get(message)
    if (known !== undefined) addTo(known.holders, peer)
  }

  told(message: string, peer: string): void {
    addTo(this.#of(message).told, peer)
  }

  #of(message: string): Known {
    const known = this.#known.get(message) ?? { holders: new Set(), told: new Set() }
    if (this.#known.has(message)) return known
    this.#known.set(message, known)
    if (this.#known.size > MAX_MESSAGES) this.#known.delete(this.#known.keys().next().value!)
    return known
  }
}

function addTo(peers: Set<string>, peer: string): void {
  if (peers.size < MAX_HOLDERS) peers.add(peer)
}
