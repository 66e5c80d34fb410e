import type { PeerId as Libp2pId } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type DialFailure, DiscoveryDriver, dialCodeOf, dialWhyOf, systemClock } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { createLog } from '../log.ts'
import { groupOfAddress } from '../network/address-group.ts'
import { discoveryPortOf, parsePeerAddress } from '../network/discovery-port.ts'
import type { NodeContext } from '../node-context.ts'
import type { Exchange } from './exchange.ts'
import type { OpenHome } from './open-home.ts'

/** The keeper of this node's connections; it knows of nobody to dial yet. */
export function discoveryOf(home: OpenHome, exchange: Exchange, node: NodeContext): DiscoveryDriver {
  const discovery = new DiscoveryDriver({
    ...{ network: discoveryPortOf(node.libp2p), clock: systemClock, random: Math.random },
    self: node.libp2p.peerId.toString() as PeerId,
    onUnreachable: (peer, why) => warnUnreachable(node, peer, why),
    groupOf: groupOfAddress,
    isAtWork: peer => isAtWork(exchange, node, peer),
    onAnchors: anchors => home.anchors.keep(anchors),
  })
  exchange.onBrought(peer => discovery.brought(peer))
  return discovery
}

/** Whether a request other than for records runs with the peer, or others reach this node through it. */
function isAtWork({ streams, protocols }: Exchange, { libp2p }: NodeContext, peer: PeerId): boolean {
  const isRelay = () => libp2p.getMultiaddrs().some(address => `${address}`.includes(`/p2p/${peer}/p2p-circuit`))
  return streams.isAtWork(peer, new Set([protocols.feed])) || isRelay()
}

/** From now on the keeper dials whom this node knows, unless the network is off. */
export async function lookForPeers(
  { config, peers, libp2p }: Pick<NodeContext, 'config' | 'peers' | 'libp2p'>,
  { anchors }: Pick<OpenHome, 'anchors'>,
  discovery: Pick<DiscoveryDriver, 'heard'>,
): Promise<void> {
  if (config.network.mode === 'off') return
  discovery.heard(anchors.all(), 'anchor')
  discovery.heard(
    config.network.bootstrap.map(parsePeerAddress).filter(address => address !== null),
    'bootstrap',
  )
  discovery.heard(peers.all(true), 'pinned')
  discovery.heard(peers.all(false), 'book')
  const hint = (id: Libp2pId, addresses: readonly Multiaddr[]) =>
    discovery.heard([{ peer: id.toString() as PeerId, addresses: addresses.map(String) }], 'hint')
  libp2p.addEventListener('peer:discovery', ({ detail: { id, multiaddrs } }) => hint(id, multiaddrs))
  // Of whom it discovered before, libp2p tells no more.
  for (const { id, addresses } of await libp2p.peerStore.all())
    hint(
      id,
      addresses.map(({ multiaddr }) => multiaddr),
    )
}

/** One line for a peer that somebody chose; of those found by chance many are gone, and nobody wants to know. */
function warnUnreachable({ config, peers }: NodeContext, peer: PeerId, why: DialFailure): void {
  const bootstrap = config.network.bootstrap.find(address => parsePeerAddress(address)?.peer === peer)
  const isChosen = bootstrap !== undefined || peers.isPinned(peer)
  if (!isChosen || config.network.mode === 'off') return
  const what = bootstrap === undefined ? `pinned peer ${peer}` : `bootstrap peer ${bootstrap}`
  const message = `${what} cannot be reached: ${dialWhyOf(why, config.network)}; this node serves on and tries it again`
  createLog().warn({ code: dialCodeOf(why), peer }, message)
}
