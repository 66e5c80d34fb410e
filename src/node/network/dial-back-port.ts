import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { AnswerDialBacksPorts } from '../../federation/index.ts'
import { MAX_DIALLED_ADDRESSES, type PeerId } from '../../protocol/index.ts'
import { reachOfAddress } from './address-reach.ts'
import type { Network } from './network.ts'

type Resolve = (name: string) => Promise<readonly string[]>
const WAY = /^\/tcp\/[1-9]\d{0,4}(\/(ws|wss|tls\/ws|tls\/sni\/[\w.-]+\/ws))?$/

/**
 * libp2p as those see it who dial askers back. Whoever comes from next door to a node that announces itself to the world comes through
 * a proxy, and would have it dialled, or this machine itself.
 */
export function dialBackPortOf(
  libp2p: Pick<Network, 'getConnections' | 'dial'>,
  isAnnounced: boolean,
): Pick<AnswerDialBacksPorts, 'targetOf' | 'dial'> {
  const hostsOf = (peer: PeerId) =>
    libp2p
      .getConnections(peerIdFromString(peer))
      .map(({ remoteAddr, direction }) => ({ address: remoteAddr.toString(), direction }))
      .filter(({ address }) => !address.includes('/p2p-circuit'))
      .filter(
        ({ address, direction }) => !isAnnounced || direction === 'outbound' || reachOfAddress(address) === 'world',
      )
      .map(({ address }) => hostOf(address))
  return {
    targetOf: (address, peer) => targetOf(address, hostsOf(peer)),
    dial: async (target, peer, signal) => {
      const connection = await libp2p.dial(multiaddr(`${target}/p2p/${peer}`), { signal, force: true })
      await connection.close().catch(error => connection.abort(error))
      return true
    },
  }
}

/**
 * Where to dial for an address that a peer named: at one of its own hosts alone. An address of its machine or site stands for the
 * host that it is seen at; a name has to lead there, and to no other of its kind. A name is asked again when it is dialled and may
 * answer otherwise then: only TLS, which needs it, is dialled by name.
 */
export async function targetOf(
  address: string,
  hosts: readonly string[],
  resolve: Resolve = resolveName,
): Promise<string | null> {
  const [, protocol = '', host = '', ...rest] = withoutPeer(address).split('/')
  const way = `/${rest.join('/')}`
  const [seen] = hosts
  if (seen === undefined || !WAY.test(way)) return null
  if (/^dns[46]?$/.test(protocol)) {
    const found = await resolve(host).catch(() => [])
    const own = found.find(each => hosts.includes(each))
    if (own === undefined || found.some(each => isIP(each) === isIP(own) && !hosts.includes(each))) return null
    return /tls|wss/.test(way) ? `/${protocol}/${host}${way}` : `/ip${isIP(own)}/${own}${way}`
  }
  const version = isIP(host)
  if (version === 0 || protocol !== `ip${version}`) return null
  if (hosts.includes(host)) return `/${protocol}/${host}${way}`
  if (reachOfAddress(address) === 'world' || isIP(seen) !== version) return null
  return `/${protocol}/${seen}${way}`
}

/** What this node asks to be dialled at: for each port one address, one that is meant for the world before all others. */
export function dialledAddressesOf(addresses: readonly string[]): readonly string[] {
  const byWay = new Map<string, string>()
  for (const address of addresses.map(withoutPeer).filter(each => !each.includes('/p2p-circuit'))) {
    const [, protocol = '', host = '', ...rest] = address.split('/')
    const way = `${protocol.startsWith('dns') ? host : protocol}/${rest.join('/')}`
    const known = byWay.get(way)
    if (known === undefined || reachOfAddress(address) === 'world') byWay.set(way, address)
  }
  return [...byWay.values()].slice(0, MAX_DIALLED_ADDRESSES)
}

const withoutPeer = (address: string): string => address.replace(/\/p2p\/[^/]+$/, '')

async function resolveName(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address)
}

function hostOf(address: string): string {
  return address.split('/')[2] ?? ''
}
