import { BlockList, isIP } from 'node:net'

/** The addresses of proxies whose `X-Forwarded-*` headers are believed; of everyone else they are words of a stranger. */
export class TrustedProxies {
  readonly #list = new BlockList()
  readonly isEmpty: boolean

  /** Addresses and networks (`10.0.0.7`, `10.1.0.0/16`, `fd00::/8`), checked by the configuration. */
  constructor(networks: readonly string[]) {
    this.isEmpty = networks.length === 0
    for (const network of networks) {
      const [address = '', prefix] = network.split('/')
      const family = familyOf(address)
      if (prefix === undefined) this.#list.addAddress(address, family)
      else this.#list.addSubnet(address, Number(prefix), family)
    }
  }

  /** Whether a proxy at this address is one of them. */
  trusts(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, familyOf(address))
  }
}

const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4')
