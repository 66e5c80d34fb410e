import { KEEP_ALIVE, type PeerId, type PeerStore } from '@libp2p/interface'
import { type KadDHT, type KadDHTInit, kadDHT } from '@libp2p/kad-dht'
import { type Rate, systemClock, TokenBucket } from '../../federation/index.ts'
import { DhtTurns } from './dht-turns.ts'

/** Time between two of the DHT's own looks for itself and through its table, ms: while connections are missing the keeper's walks do it. */
const DHT_LOOK_MS = 60 * 60_000
/**
 * Dials of peers that answers named and nobody met, at once and a second: a query has some twenty, and one that goes on naming made-up
 * ones at a victim's address makes nobody a port scanner.
 */
export const DHT_DIALS: Rate = { burst: 64, perSecond: 2 }

type Components = Parameters<ReturnType<typeof kadDHT>>[0]

/** The parts of the DHT that it does not export. */
interface Inside {
  readonly routingTable: { find(peer: PeerId): Promise<PeerId | undefined> }
  readonly routingTableRefresh: { refreshInterval: number }
}

/**
 * The DHT, which dials those that a query asks and nobody else, few a second of them whom nobody met, and leaves who stays connected to
 * the peer keeper. libp2p's own dials each peer that an answer names before it goes into the routing table, so that every query connects
 * the node with more of the network, and has libp2p call back the twenty next to itself whoever hung up.
 */
export function quietDht(init: KadDHTInit): (components: Components) => KadDHT {
  return components => {
    const isMet = async (peer: PeerId) =>
      components.connectionManager.getConnections(peer).length > 0 ||
      (await inside.routingTable.find(peer)) !== undefined
    const ping: Components['ping'] = {
      async ping(peer, options) {
        if (await isMet(peer as PeerId)) return await components.ping.ping(peer, options)
        throw new Error('the peer was named and not met')
      },
    }
    const dials = new TokenBucket(DHT_DIALS, systemClock.now())
    const connections = components.connectionManager
    const turns = new DhtTurns(systemClock)
    const openStream: Components['connectionManager']['openStream'] = async (peer, protocols, options) => {
      await turns.turn(peer.toString(), options?.signal)
      if (!(await isMet(peer as PeerId))) {
        const now = systemClock.now()
        if (dials.waitMsOf(1, now) > 0) throw new Error('too many peers that answers named were dialled')
        dials.charge(1, now)
      }
      return await connections.openStream(peer, protocols, options)
    }
    const own: Partial<Components> = {
      ping,
      connectionManager: overlaid(connections, { openStream }),
      peerStore: withoutKeepAlive(components.peerStore),
    }
    const dht = kadDHT({ ...init, querySelfInterval: DHT_LOOK_MS })(overlaid(components, own))
    const inside = dht as unknown as Inside
    inside.routingTableRefresh.refreshInterval = DHT_LOOK_MS
    return dht
  }
}

/** The store of peers, in which nobody is marked as one to be called back. */
function withoutKeepAlive(store: PeerStore): PeerStore {
  const merge: PeerStore['merge'] = async (peer, { tags = {}, ...data }, options) => {
    const kept = Object.entries(tags).filter(([name]) => !name.startsWith(KEEP_ALIVE))
    return await store.merge(peer, { ...data, tags: Object.fromEntries(kept) }, options)
  }
  return overlaid(store, { merge })
}

/** `base` with some of its parts replaced. */
function overlaid<T extends object>(base: T, parts: Partial<T>): T {
  const get = (_: T, key: string | symbol): unknown => {
    const value: unknown = Reflect.get(key in parts ? parts : base, key)
    return typeof value === 'function' ? value.bind(base) : value
  }
  return new Proxy(base, { get })
}
