import { DialError } from '../../../src/federation/discovery/dial-failure.ts'
import { DiscoveryDriver, type DiscoveryNetwork } from '../../../src/federation/discovery/driver.ts'
import type { PeerAddress } from '../../../src/federation/discovery/effects.ts'
import { NodeRecords } from '../../../src/federation/discovery/node-records.ts'
import type { RequestHandler } from '../../../src/federation/index.ts'
import { encodeNodes, type NodeRecord, type PeerId } from '../../../src/protocol/index.ts'
import { World } from '../simulation/world.ts'

type Way = 'inbound' | 'outbound'

/** Who can be dialled at an address. */
interface Resident {
  readonly id: PeerId
  readonly address: string
  readonly isHonest: boolean
  readonly answer: RequestHandler
  connected(peer: PeerId, way: Way, address: string): void
  disconnected(peer: PeerId): void
}

/** Records stand for themselves: signatures are proven elsewhere, and cost most of the time. */
const sealed = (record: NodeRecord): Uint8Array => new TextEncoder().encode(JSON.stringify(record))
const opened = async (bytes: Uint8Array): Promise<NodeRecord> =>
  JSON.parse(new TextDecoder().decode(bytes)) as NodeRecord
const recordOf = (peer: PeerId, address: string): NodeRecord => ({
  ...{ peer, at: 0, addresses: [address], roles: [], mirrors: [] },
  software: { name: 'hanse', version: '1' },
})
const groupOf = (address: string): string => address.split('/')[2]!.split('.').slice(0, 2).join('.')

/** Nodes at addresses, the connections between them, and virtual time. */
export class Town {
  readonly world: World
  readonly residents = new Map<PeerId, Resident>()
  readonly #byAddress = new Map<string, Resident>()
  readonly #links = new Map<string, readonly [from: PeerId, to: PeerId]>()

  constructor(seed: number) {
    this.world = new World(seed)
  }

  settle(resident: Resident): void {
    this.residents.set(resident.id, resident)
    this.#byAddress.set(resident.address, resident)
  }

  isLinked(a: PeerId, b: PeerId): boolean {
    return this.#links.has(linkOf(a, b))
  }

  /** All connections of one resident. */
  of(id: PeerId): { readonly peer: PeerId; readonly direction: Way; readonly address: string }[] {
    return [...this.#links.values()]
      .filter(pair => pair.includes(id))
      .map(([from, to]) => {
        const peer = from === id ? to : from
        return { peer, direction: from === id ? 'outbound' : 'inbound', address: this.residents.get(peer)!.address }
      })
  }

  /** Where nobody lives, a dial is refused, or at every other place never answered. */
  async dial(from: Resident, peer: PeerId, addresses: readonly string[]): Promise<void> {
    await this.#delay()
    const to = addresses.map(address => this.#byAddress.get(address)).find(each => each?.id === peer)
    if (to === undefined && addresses[0]?.endsWith('0')) await new Promise(() => {})
    if (to === undefined) throw new DialError('closed')
    if (this.isLinked(from.id, peer)) return
    this.#links.set(linkOf(from.id, peer), [from.id, peer])
    from.connected(peer, 'outbound', to.address)
    to.connected(from.id, 'inbound', from.address)
  }

  cut(a: PeerId, b: PeerId): void {
    if (!this.#links.delete(linkOf(a, b))) return
    this.residents.get(a)!.disconnected(b)
    this.residents.get(b)!.disconnected(a)
  }

  async *request(from: PeerId, peer: PeerId, payload: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    await this.#delay()
    if (!this.isLinked(from, peer)) throw new Error('gone')
    yield* this.residents.get(peer)!.answer({ peer: from, payload, signal })
  }

  #delay(): Promise<void> {
    return new Promise(resolve => this.world.after(20 + this.world.random() * 200, resolve))
  }
}

const linkOf = (a: PeerId, b: PeerId): string => (a < b ? `${a} ${b}` : `${b} ${a}`)

/** A node with the real keeper and the real exchange of records. */
export class Townsman implements Resident {
  readonly id: PeerId
  readonly address: string
  readonly isHonest = true
  readonly records: NodeRecords
  readonly answer: RequestHandler
  readonly #town: Town
  #keeper: DiscoveryDriver
  #listening: {
    connect: (peer: PeerId, way: Way, address: string) => void
    disconnect: (peer: PeerId) => void
  } | null = null

  constructor(town: Town, id: PeerId, address: string) {
    this.#town = town
    this.id = id
    this.address = address
    const { world } = town
    this.#keeper = this.#makeKeeper()
    this.records = new NodeRecords({
      request: (peer, payload, { signal }) => town.request(id, peer, payload, signal),
      ...{ open: opened, own: () => [sealed(recordOf(id, address))], self: id },
      reachOf: peer => (town.isLinked(id, peer) ? 'world' : null),
      reachOfAddress: () => 'world',
      connectedPeers: () => town.of(id).map(({ peer }) => peer),
      isLacking: () => this.#keeper.isLacking,
      wantedMirrors: () => [],
      onRecords: (records, from) => this.#keeper.heard(records, 'record', from),
      onOffence: peer => town.cut(id, peer),
      ...{ clock: world, time: () => world.now(), random: world.random },
    })
    this.answer = this.records.answer()
    town.settle(this)
  }

  heard(peers: readonly PeerAddress[], source: 'book' | 'bootstrap'): void {
    this.#keeper.heard(peers, source)
  }

  connected(peer: PeerId, way: Way, address: string): void {
    this.records.connected(peer, way === 'outbound' ? 'dialled' : 'came')
    this.#listening?.connect(peer, way, address)
  }

  disconnected(peer: PeerId): void {
    this.#listening?.disconnect(peer)
  }

  async stop(): Promise<void> {
    await this.#keeper[Symbol.asyncDispose]()
    await this.records[Symbol.asyncDispose]()
  }

  #makeKeeper(): DiscoveryDriver {
    const town = this.#town
    const network: DiscoveryNetwork = {
      // A dial that nobody answers ends with its keeper's patience.
      dial: ({ peer, addresses }, { signal }) =>
        Promise.race([
          town.dial(this, peer, addresses),
          new Promise<never>((_, no) => signal.addEventListener('abort', () => no(signal.reason))),
        ]),
      hangUp: async peer => town.cut(this.id, peer),
      onConnect: connect => {
        this.#listening = { disconnect: () => {}, ...this.#listening, connect }
        for (const { peer, direction, address } of town.of(this.id)) connect(peer, direction, address)
        return () => {}
      },
      onDisconnect: disconnect => {
        this.#listening = { connect: () => {}, ...this.#listening, disconnect: each => disconnect(each, false) }
        return () => {}
      },
      async *findProviders() {},
      async provide() {},
      async *walk() {},
    }
    return new DiscoveryDriver({ network, clock: town.world, random: town.world.random, self: this.id, groupOf })
  }
}

/** Lives to surround others: dials everyone, takes every connection, and tells of its own kind and of nodes it made up. */
export class Crook implements Resident {
  readonly id: PeerId
  readonly address: string
  readonly isHonest = false
  readonly answer: RequestHandler
  readonly #town: Town
  #made = 0

  constructor(town: Town, id: PeerId, address: string) {
    this.#town = town
    this.id = id
    this.address = address
    this.answer = () => this.#flood()
    town.settle(this)
  }

  connected(): void {}
  disconnected(): void {}

  /** Dials all honest nodes, and again whoever hung up. */
  bother(): void {
    for (const { id, address, isHonest } of this.#town.residents.values())
      if (isHonest && !this.#town.isLinked(this.id, id)) this.#town.dial(this, id, [address]).catch(() => {})
    this.#town.world.after(60_000, () => this.bother())
  }

  async *#flood(): AsyncGenerator<Uint8Array> {
    const { world, residents } = this.#town
    const crooks = [...residents.values()].filter(each => !each.isHonest)
    const kind = Array.from({ length: 24 }, () => crooks[Math.floor(world.random() * crooks.length)]!)
    const made = Array.from({ length: 40 }, () => {
      const name = `made-${this.id}-${this.#made++}` as PeerId
      return recordOf(name, `/ip4/${1 + Math.floor(world.random() * 220)}.${this.#made % 250}.0.1/tcp/${this.#made}`)
    })
    yield encodeNodes(
      [...kind.map(({ id, address }) => recordOf(id, address)), ...made].map(record =>
        sealed({ ...record, at: world.now() }),
      ),
    )
  }
}
