import { BlockList, isIP } from 'node:net'
import { isWithin, type Reach } from '../../federation/index.ts'
import { isPrivateAddress } from './private-address.ts'

const MACHINE = new BlockList()
MACHINE.addSubnet('127.0.0.0', 8)
MACHINE.addSubnet('0.0.0.0', 8)
MACHINE.addAddress('::1', 'ipv6')
MACHINE.addAddress('::', 'ipv6')
/** Names that resolve inside only. */
const SITE_NAME = /^(?:[^.]+|.+\.(?:local|localhost|internal|lan|home\.arpa))$/i
/** Shared address space of carriers (RFC 6598): nobody outside gets there. */
const SITE = new BlockList()
SITE.addSubnet('100.64.0.0', 10)

/** From where a multiaddr can be reached, by its first part; what is no address of a host is taken for the machine's own. */
export function reachOfAddress(multiaddr: string): Reach {
  const [, protocol = '', host = ''] = multiaddr.split('/')
  if (/^dns(4|6|addr)?$/.test(protocol)) {
    if (/^localhost$/i.test(host)) return 'machine'
    return SITE_NAME.test(host) ? 'site' : 'world'
  }
  const version = isIP(host)
  if ((protocol !== 'ip4' && protocol !== 'ip6') || version === 0) return 'machine'
  const family = version === 6 ? 'ipv6' : 'ipv4'
  if (MACHINE.check(host, family)) return 'machine'
  return isPrivateAddress(multiaddr) || SITE.check(host, family) ? 'site' : 'world'
}

/** One connection, as far as it tells where its other end is. */
interface SeenConnection {
  readonly direction: 'inbound' | 'outbound'
  /** Multiaddr of the other end as it is seen from here. */
  readonly remote: string
}

/**
 * The reach of a peer over its connections, the widest; null without any. A relay hides where the peer is. So does what stands in
 * front of a node that announces itself to the world, a proxy or a port forwarding: all who come through it seem to be next door.
 */
export function reachOfPeer(connections: readonly SeenConnection[], isAnnounced: boolean): Reach | null {
  const reaches = connections.map(({ direction, remote }) =>
    remote.includes('/p2p-circuit') || (direction === 'inbound' && isAnnounced) ? 'world' : reachOfAddress(remote),
  )
  return reaches.reduce<Reach | null>((a, b) => (a === null || isWithin(b, a) ? b : a), null)
}
