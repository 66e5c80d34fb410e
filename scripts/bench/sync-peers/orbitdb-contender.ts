import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { importPeer } from '../search-engines/peer-package.ts'
import type { Contender, Place } from './contender.ts'
import { readEnvelopes } from './made-feeds.ts'

/** What is used of OrbitDB and of the stack below it. */
interface Database {
  readonly address: string
  add(value: Uint8Array): Promise<string>
  readonly log: { heads(): Promise<readonly unknown[]>; values(): Promise<readonly unknown[]> }
  readonly events: { on(event: 'update' | 'error', listener: (entry: unknown) => void): void }
}
interface Orbit {
  open(address: string, options: object): Promise<Database>
  stop(): Promise<void>
}
type Make<T> = (options?: object) => T

/** An events database on Helia with libp2p, blocks and log in LevelDB; the entries are found by walking back over bitswap, as OrbitDB does. */
export const orbitdbContender: Contender = {
  async serve(file, place) {
    const { orbit, addresses, stop } = await openOrbit(place)
    const database = await orbit.open('records', await openToAll(place))
    for (const envelope of await readEnvelopes(file)) await database.add(envelope)
    return { address: `${addresses()} ${database.address}`, [Symbol.asyncDispose]: stop }
  },

  async open(place) {
    const { orbit, dial, stop } = await openOrbit(place)
    return {
      async receive({ address, records }) {
        const [peer, name] = address.split(' ') as [string, string]
        // Its manifest comes from the peer as well.
        await dial(peer)
        const database = await orbit.open(name, await openToAll(place))
        const { promise: updated, resolve, reject } = Promise.withResolvers<unknown>()
        database.events.on('update', resolve)
        database.events.on('error', reject)
        await updated
        const held = (await database.log.values()).length
        if (held !== records) throw new Error(`OrbitDB holds ${held} of ${records}`)
      },
      [Symbol.asyncDispose]: stop,
    }
  },
}

const openToAll = async ({ packages }: Place) => {
  const { IPFSAccessController } = await importPeer<{ IPFSAccessController: Make<unknown> }>(packages, '@orbitdb/core')
  return { type: 'events', AccessController: IPFSAccessController({ write: ['*'] }) }
}

async function openOrbit({ folder, packages }: Place) {
  const load = <T>(name: string) => importPeer<T>(packages, name)
  const { createLibp2p } = await load<{ createLibp2p: Make<Promise<Libp2p>> }>('libp2p')
  const { tcp } = await load<{ tcp: Make<unknown> }>('@libp2p/tcp')
  const { noise } = await load<{ noise: Make<unknown> }>('@chainsafe/libp2p-noise')
  const { yamux } = await load<{ yamux: Make<unknown> }>('@chainsafe/libp2p-yamux')
  const { identify } = await load<{ identify: Make<unknown> }>('@libp2p/identify')
  const { gossipsub } = await load<{ gossipsub: Make<unknown> }>('@libp2p/gossipsub')
  const { LevelBlockstore } = await load<{ LevelBlockstore: new (path: string) => { open(): Promise<void> } }>(
    'blockstore-level',
  )
  const { bitswap } = await load<{ bitswap: Make<unknown> }>('@helia/block-brokers')
  const { createHelia } = await load<{ createHelia: Make<Promise<Helia>> }>('helia')
  const { createOrbitDB } = await load<{ createOrbitDB: Make<Promise<Orbit>> }>('@orbitdb/core')
  const libp2p = await createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) },
  })
  const blockstore = new LevelBlockstore(join(folder, 'blocks'))
  await blockstore.open()
  const helia = await createHelia({ blockstore, libp2p, blockBrokers: [bitswap()] })
  const orbit = await createOrbitDB({ ipfs: helia, directory: join(folder, 'orbitdb') })
  return {
    orbit,
    addresses: () => String(libp2p.getMultiaddrs()[0]),
    dial: (address: string) => libp2p.dial(multiaddr(address)),
    stop: async () => {
      await orbit.stop()
      await helia.stop()
    },
  }
}

interface Libp2p {
  getMultiaddrs(): readonly unknown[]
  dial(address: unknown): Promise<unknown>
}
interface Helia {
  stop(): Promise<void>
}
