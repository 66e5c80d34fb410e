import { isIP } from 'node:net'
import { reachOfAddress } from './address-reach.ts'

/**
 * The part of the network that a multiaddr's host is in: the /16 of an IPv4 address, the /32 of an IPv6 address, the last two labels of
 * a name. Null for what is inside this site: there one owner of all addresses is the usual case.
 */
export function groupOfAddress(multiaddr: string): string | null {
  if (reachOfAddress(multiaddr) !== 'world') return null
  const [, protocol = '', host = ''] = multiaddr.split('/')
  if (protocol === 'ip4') return host.split('.').slice(0, 2).join('.')
  if (protocol === 'ip6') return ip6PrefixOf(host, 2)
  return host.toLowerCase().split('.').slice(-2).join('.')
}

/**
 * What one owner has at least, of a host as libp2p gives it: the IPv4 address, or the /64 of an IPv6 address, of which everyone has
 * as many addresses as they like. Null for what is inside this site.
 */
export function siteOfAddress(multiaddr: string): string | null {
  if (reachOfAddress(multiaddr) !== 'world') return null
  const [, protocol = '', host = ''] = multiaddr.split('/')
  return protocol === 'ip6' ? ip6PrefixOf(host, 4) : host
}

/** The first so many groups of 16 bits of an IPv6 address in text. */
function ip6PrefixOf(host: string, groups: number): string {
  if (isIP(host) !== 6) return host
  const [head = '', tail] = host.split('::')
  const left = head.split(':').filter(Boolean)
  const right = (tail ?? '').split(':').filter(Boolean)
  // The groups that :: leaves out are zero; an IPv4 tail counts for two, and never reaches the prefix.
  const all =
    tail === undefined
      ? left
      : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return all
    .slice(0, groups)
    .map(group => Number.parseInt(group, 16).toString(16))
    .join(':')
}
