import { privateKeyFromRaw } from '@libp2p/crypto/keys'
import type { GossipSub } from '@libp2p/gossipsub'
import { type Identify, identify } from '@libp2p/identify'
import type { Libp2p, PeerDiscovery, PrivateKey } from '@libp2p/interface'
import { type KadDHT, passthroughMapper, removePrivateAddressesMapper } from '@libp2p/kad-dht'
import { mdns } from '@libp2p/mdns'
import { type Ping, ping } from '@libp2p/ping'
import { tls } from '@libp2p/tls'

import type { Libp2pOptions } from 'libp2p'
import { systemClock } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'
import { signingKeyOf } from '../identity/ed25519-key.ts'
import type { AddressLimits } from './address-limits.ts'
import { ConnectedPeers } from './connected-peers.ts'
import { gossipOptionsOf } from './gossip-options.ts'
import { watchedGossipsub } from './gossip-traffic.ts'
import { InboundDoor } from './inbound-door.ts'
import { joiningNoise } from './joining-noise.ts'
import { joiningYamux } from './joining-yamux.ts'
import { isPrivateAddress } from './private-address.ts'
import { quietDht } from './quiet-dht.ts'
import { RelayClient } from './relay/relay-client.ts'
import { relayServer } from './relay/relay-server.ts'
import { SecuredLines } from './secured-lines.ts'
import { spareKnown } from './sparing-gossip.ts'
import { transportsOf } from './transports.ts'
import type { YamuxOffence } from './yamux-frames.ts'

/** The libp2p services of a node. */
export interface NetworkServices extends Record<string, unknown> {
  readonly identify: Identify
  readonly ping: Ping
  readonly pubsub: GossipSub
  readonly dht: KadDHT
  readonly connectedPeers: ConnectedPeers
}
export type Network = Libp2p<NetworkServices & Record<string, unknown>>

/** Why no connection is held with a peer: by the mode of the network, or for what it did. */
export type Denial = 'not admitted' | 'kept out'

/** What decides a node's place in the network. */
export interface NetworkOptions {
  readonly net: string
  /** 32-byte seed of the node key. */
  readonly nodeSeed: Uint8Array
  readonly mode: 'off' | 'private' | 'public'
  readonly listen: readonly string[]
  readonly announce: readonly string[]
  readonly mdns: boolean
  /** Mode private: the only peers a connection is held with. */
  readonly admits?: (peer: PeerId) => boolean
  /** Peers no connection is held with, whatever the mode: asked at every dial and every connection. */
  readonly isRefused?: (peer: PeerId) => boolean
  /** A peer that came was not let in. */
  readonly onDenied?: (why: Denial) => void
  /** How many may come from one address; absent: any number. */
  readonly addressLimits?: AddressLimits
  /** Where connections wait before their handshake; absent: one of its own. */
  readonly door?: InboundDoor
  /** A peer broke yamux's protocol or its bounds, and that connection ended. */
  readonly onYamuxOffence?: (peer: PeerId, what: YamuxOffence) => void
  /** A peer sends more by bitswap than any that wants something. */
  readonly onFlood?: (peer: PeerId) => void
  readonly topics: readonly string[]
  /** What gossip holds against a peer for what it did elsewhere, at most 0; absent: nothing. */
  readonly scoreOf?: (peer: PeerId) => number
  /** Other peers are reached through this node. */
  readonly isRelay?: boolean
  /** How this node is reached through others; one that is not told of any only dials through them. */
  readonly relays?: RelayClient
}

/** libp2p's key of a node. Its own derivation is JavaScript and takes 50 ms of a start. */
function nodeKeyOf(seed: Uint8Array): PrivateKey {
  return privateKeyFromRaw(Buffer.concat([seed, signingKeyOf(seed).publicKey]))
}

/** libp2p's options with the settings of NETWORK "Settings": each deviation from the defaults is a measured trap. */
export function libp2pOptionsOf(options: NetworkOptions): Libp2pOptions<NetworkServices> {
  const off = options.mode === 'off'
  const lan = [...options.listen, ...options.announce].some(isPrivateAddress)
  const denialOf = (peer: { toString(): string }): Denial | null => {
    const id = peer.toString() as PeerId
    if (off || (options.mode === 'private' && options.admits?.(id) !== true)) return 'not admitted'
    return options.isRefused?.(id) === true ? 'kept out' : null
  }
  const denyInbound = (peer: { toString(): string }) => {
    const why = denialOf(peer)
    if (why !== null) options.onDenied?.(why)
    return why !== null
  }
  const relay = options.isRelay === true && !off ? relayServer() : null
  const lines = new SecuredLines()
  const discovery: ((components: never) => PeerDiscovery)[] = []
  if (!off && options.mdns) discovery.push(mdns({ serviceTag: `_hanse-${options.net}._udp.local` }))
  return {
    privateKey: nodeKeyOf(options.nodeSeed),
    addresses: { listen: off ? [] : [...options.listen], announce: off ? [] : [...options.announce] },
    transports: transportsOf(options.relays ?? new RelayClient(), {
      door: options.door ?? new InboundDoor(systemClock),
      limits: options.addressLimits,
    }),
    connectionEncrypters: [lines.noting(joiningNoise()), lines.noting(tls())],
    streamMuxers: [
      joiningYamux(
        {
          maxInboundStreams: 256,
          maxOutboundStreams: 256,
          streamOptions: { maxReadBufferLength: 8 << 20, maxWriteBufferLength: 16 << 20 },
        },
        (line, what) => {
          const peer = lines.peerOf(line)
          if (peer !== undefined) options.onYamuxOffence?.(peer, what)
        },
      ),
    ],
    // It opens a stream on each connection every ten seconds to learn what yamux knows (`connected-figures.ts`): half of what an idle node takes.
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: 300,
      maxParallelDials: 20,
      inboundConnectionThreshold: 50,
      maxIncomingPendingConnections: 100,
    },
    connectionGater: {
      denyDialMultiaddr: () => off,
      denyDialPeer: peer => denialOf(peer) !== null,
      denyInboundEncryptedConnection: denyInbound,
      denyOutboundEncryptedConnection: peer => denialOf(peer) !== null,
      ...relay?.gater,
    },
    peerDiscovery: discovery as NonNullable<Libp2pOptions<NetworkServices>['peerDiscovery']>,
    services: {
      identify: identify(),
      ping: ping(),
      connectedPeers: components => new ConnectedPeers(options.net, components),
      ...(relay === null ? {} : { relay: relay.service }),
      pubsub: watchedGossipsub(gossipOptionsOf(options.topics, options.scoreOf), options.topics, spareKnown),
      dht: quietDht({
        protocol: `/hanse/${options.net}/kad/1`,
        clientMode: off,
        initialQuerySelfInterval: 5000,
        allowQueryWithZeroPeers: true,
        peerInfoMapper: lan ? passthroughMapper : removePrivateAddressesMapper,
      }),
    },
  }
}
