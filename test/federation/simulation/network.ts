import { type AnnouncementCodec, announcementCodecOf } from '../../../src/federation/gossip/announcement-codec.ts'
import { GossipDriver } from '../../../src/federation/gossip/driver.ts'
import { SyncDriver } from '../../../src/federation/sync/driver.ts'
import { FeedHandler } from '../../../src/federation/sync/handler.ts'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { type PeerId, type PublisherId, parseRecord, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { MemoryFeedStore } from '../sync/memory-feed-store.ts'
import { NET } from './cast.ts'
import type { World } from './world.ts'

/** How bad the network is: shares of messages, 0 to 1. */
export interface Weather {
  loss: number
  duplication: number
}

/** Nodes and the links between them; messages are delayed, and so reordered, lost and doubled by chance. */
export class Network {
  readonly world: World
  readonly weather: Weather
  readonly nodes: SimulatedNode[] = []
  readonly #links = new Set<string>()

  constructor(world: World, weather: Weather) {
    this.world = world
    this.weather = weather
  }

  isLinked(a: SimulatedNode, b: SimulatedNode): boolean {
    return this.#links.has(linkOf(a, b))
  }

  link(a: SimulatedNode, b: SimulatedNode): void {
    if (this.isLinked(a, b)) return
    this.#links.add(linkOf(a, b))
    a.sync.connected(b.peer, 'other')
    b.sync.connected(a.peer, 'other')
  }

  cut(a: SimulatedNode, b: SimulatedNode): void {
    if (!this.#links.delete(linkOf(a, b))) return
    a.sync.disconnected(b.peer)
    b.sync.disconnected(a.peer)
  }

  node(peer: PeerId): SimulatedNode {
    return this.nodes.find(node => node.peer === peer)!
  }

  /** Delivers after a delay, or not, or twice. */
  send(from: SimulatedNode, to: SimulatedNode, deliver: () => void): void {
    const { random } = this.world
    if (random() < this.weather.loss) return
    const copies = random() < this.weather.duplication ? 2 : 1
    for (let i = 0; i < copies; i++)
      this.world.after(5 + random() * 200, () => {
        if (this.isLinked(from, to)) deliver()
      })
  }

  /** One way of a kept stream: nothing is doubled, but what is lost never comes. */
  passage(from: SimulatedNode, to: SimulatedNode, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')))
      if (signal.aborted) reject(new Error('aborted'))
      if (this.world.random() < this.weather.loss) return
      this.world.after(5 + this.world.random() * 50, () => {
        if (this.isLinked(from, to)) resolve()
      })
    })
  }
}

/** One node: the real machines and drivers over simulated ports. */
export class SimulatedNode {
  readonly peer: PeerId
  readonly store = new MemoryFeedStore()
  readonly sync: SyncDriver
  readonly faults: string[] = []
  readonly #network: Network
  readonly #gossip: GossipDriver
  readonly #intake: Intake
  readonly #changes = new HeadChanges()
  readonly #handler: FeedHandler
  #judge: (peer: PeerId, bytes: Uint8Array) => Promise<'accept' | 'ignore' | 'reject'> = async () => 'ignore'

  constructor(network: Network, name: string, followed: readonly PublisherId[]) {
    this.peer = name as PeerId
    this.#network = network
    this.#intake = new Intake({
      net: NET,
      store: this.store,
      verify: async envelope => parseRecord(envelope, { net: NET }),
      onStored: records => this.#changes.stored(records),
      isOwnFeed: () => false,
      onOwnFeed: () => {},
    })
    this.#handler = new FeedHandler({ store: this.store, changes: this.#changes, mayServeFeed: () => true })
    this.sync = new SyncDriver({
      client: { request: (peer, payload, { signal }) => this.#request(peer, payload, signal) },
      intake: this.#intake,
      clock: network.world,
      random: network.world.random,
      dropPeer: (peer, why) => this.#drop(peer, why),
    })
    this.sync.follow(followed)
    this.#gossip = new GossipDriver({
      network: {
        publish: async (_, bytes) => this.#flood(bytes, null),
        onMessage: judge => {
          this.#judge = judge
          return () => {}
        },
      },
      codec,
      intake: this.#intake,
      clock: network.world,
      isFollowed: publisher => followed.includes(publisher),
      mayAnnounce: () => true,
      onGap: (publisher, peer) => this.sync.gap(publisher, peer),
    })
  }

  /** Writes an own record. */
  async write(record: WellFormedRecord): Promise<void> {
    await this.store.append([record])
    await this.#intake.wrote(record)
    this.#changes.stored([record])
    await this.#gossip.announce(record)
  }

  async hears(from: SimulatedNode, bytes: Uint8Array): Promise<void> {
    const verdict = await this.#judge(from.peer, bytes)
    if (verdict === 'reject') this.faults.push(`rejected an honest announcement from ${from.peer}`)
    if (verdict === 'accept') this.#flood(bytes, from)
  }

  #flood(bytes: Uint8Array, except: SimulatedNode | null): void {
    for (const node of this.#network.nodes)
      if (node !== except && this.#network.isLinked(this, node))
        this.#network.send(this, node, () => void node.hears(this, bytes))
  }

  async *#request(peer: PeerId, payload: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const other = this.#network.node(peer)
    await this.#network.passage(this, other, signal)
    for await (const part of other.#handler.handle({ peer: this.peer, payload, signal })) {
      await this.#network.passage(other, this, signal)
      yield part
    }
  }

  /** An unreliable peer is dialled again after a while, as the peer keeper would. */
  #drop(peer: PeerId, why: string): void {
    if (why !== 'unreliable') this.faults.push(`dropped honest ${peer}: ${why}`)
    const other = this.#network.node(peer)
    this.#network.cut(this, other)
    this.#network.world.after(10_000, () => this.#network.link(this, other))
  }
}

const linkOf = (a: SimulatedNode, b: SimulatedNode): string => [a.peer, b.peer].sort().join(' ')

/** The real announcements, checked in line: the thread pool's order is not the seed's. */
const real = announcementCodecOf({ net: NET })
const codec: AnnouncementCodec = {
  ...real,
  open: bytes => {
    const opened = real.open(bytes)
    if (typeof opened !== 'object' || opened.record === null) return opened
    const { envelope } = opened.record
    return { ...opened, verify: async () => parseRecord(envelope, { net: NET }) !== null }
  },
}
