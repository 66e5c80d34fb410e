import { createBlockBroker, type PeerAddress, systemClock } from '../../federation/index.ts'
import { type PeerId, topicsOf } from '../../protocol/index.ts'
import type { LoadedConfig } from '../config/index.ts'
import { AddressLimits } from '../network/address-limits.ts'
import { parsePeerAddress } from '../network/discovery-port.ts'
import { listenAddressesOf } from '../network/listen-address.ts'
import type { Denial } from '../network/network.ts'
import { PublicBlockstore } from '../network/public-blockstore.ts'
import { RelayClient } from '../network/relay/relay-client.ts'
import { RelayKeeper } from '../network/relay/relay-keeper.ts'
import { type RunningNetwork, startNetwork } from '../network/start-network.ts'
import { HeliaBlockstore } from '../storage/index.ts'
import type { Exchange } from './exchange.ts'
import { mayFindRelays } from './found-relays.ts'
import type { OpenHome } from './open-home.ts'

/**
 * Starts libp2p and Helia; all that bitswap can reach is what the gate lets anyone have. `found` are relays to use where the settings
 * name none.
 */
export async function openNetwork(
  stack: AsyncDisposableStack,
  home: OpenHome,
  exchange: Exchange,
  { config, origins }: LoadedConfig,
  found: () => readonly PeerAddress[],
): Promise<RunningNetwork> {
  const { id: net, mode, announce, mdns } = config.network
  const isDefault = origins.get('network.listen')?.origin === 'default'
  const listen = mode === 'off' ? [] : await listenAddressesOf(config.network.listen, isDefault)
  const blocks = new PublicBlockstore(
    new HeliaBlockstore(home.artifacts, home.foreign, home.purges),
    (cid, peer) => home.gate.mayServeBlock(cid, peer),
    cid => home.foreign.has(Buffer.from(cid.multihash.bytes).toString('hex')),
  )
  const broker = createBlockBroker({
    streams: exchange.streams,
    protocol: exchange.protocols.content,
    providersOf: () => exchange.connections.connected(),
  })
  const nodeSeed = home.identity.node.seed
  const isRefused = (peer: PeerId) => exchange.refusals.isRefused(peer, systemClock.now())
  const admits = (peer: PeerId) => exchange.membership.admits(peer)
  const relays = new RelayClient()
  const { inboundPerAddress: perAddress, inboundPerRange: perRange } = config.network
  const addressLimits = new AddressLimits({ perAddress, perRange })
  const options = {
    ...{ net, nodeSeed, mode, listen, announce, mdns, admits, isRefused, topics: topicsOf(net) },
    ...{ isRelay: config.network.relay, relays, addressLimits },
    scoreOf: (peer: PeerId) => exchange.refusals.scoreOf(peer, systemClock.now()),
    onDenied: (why: Denial) => exchange.refusals.denied(why),
    onYamuxOffence: (peer: PeerId, what: string) => exchange.refusals.offended(peer, `dropped: yamux ${what}`),
    onFlood: (peer: PeerId) => exchange.refusals.offended(peer, 'dropped: bitswap flood'),
  }
  const network = stack.use(await startNetwork(options, blocks, broker))
  const named = config.network.relays.map(parsePeerAddress).filter(address => address !== null)
  const candidates = mayFindRelays(config.network) ? found : () => named
  if (mode !== 'off') void stack.use(relayKeeperOf(relays, candidates)).look()
  return network
}

function relayKeeperOf(client: RelayClient, candidates: () => readonly PeerAddress[]): RelayKeeper {
  return new RelayKeeper({
    isReserved: relay => client.isReserved(relay),
    reserve: (relay, signal) => client.reserve(relay, signal),
    candidates,
    clock: systemClock,
  })
}
