import { groupOfAddress, siteOfAddress } from './address-group.ts'

export interface AddressLimitParts {
  /** Inbound connections of one IPv4 address or one /64 of IPv6. */
  readonly perAddress: number
  /** Inbound connections of one part of the network: a /16 of IPv4, a /32 of IPv6. */
  readonly perRange: number
  readonly siteOf?: (multiaddr: string) => string | null
  readonly rangeOf?: (multiaddr: string) => string | null
}

/** How many connections may come from one address and from one range, half-open ones counted; local ones are not. */
export class AddressLimits {
  readonly #parts: AddressLimitParts
  readonly #counts = new Map<string, number>()

  constructor(parts: AddressLimitParts) {
    this.#parts = parts
  }

  /**
   * Counts a connection from there in; what is answered counts it out, once. Null: there are too many. Circuits are not counted: their
   * address is the relay's, and the keeper takes them for one part of the network.
   */
  enter(multiaddr: string): (() => void) | null {
    if (multiaddr.includes('/p2p-circuit')) return () => {}
    const { perAddress, perRange, siteOf = siteOfAddress, rangeOf = groupOfAddress } = this.#parts
    const [site, range] = [siteOf(multiaddr), rangeOf(multiaddr)]
    const keys = [site === null ? [] : `address ${site}`, range === null ? [] : `range ${range}`].flat()
    const isFull = (key: string) => (this.#counts.get(key) ?? 0) >= (key.startsWith('address ') ? perAddress : perRange)
    if (keys.some(isFull)) return null
    for (const key of keys) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    let isIn = true
    return () => {
      if (isIn) for (const key of keys) this.#leave(key)
      isIn = false
    }
  }

  #leave(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }
}
