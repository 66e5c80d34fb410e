import { type AnnouncementCodec, announcementCodecOf } from '../../../src/federation/gossip/announcement-codec.ts'
import { GossipDriver } from '../../../src/federation/gossip/driver.ts'
import { SyncDriver } from '../../../src/federation/sync/driver.ts'
import { FeedHandler } from '../../../src/federation/sync/handler.ts'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { HeadLog } from '../../../src/federation/sync/head-log.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { REFUSED_MS, RefusedPeers, UNRELIABLE_MS } from '../../../src/node/network/refused-peers.ts'
import {
  type FeedHead,
  foldPublisher,
  HEADS_SINCE_FEATURE,
  openHead,
  type PeerId,
  type PublisherId,
  parseAnnouncement,
  parseRecord,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { MemoryFeedStore } from '../sync/memory-feed-store.ts'
import { NET, type Publisher } from './cast.ts'
import type { Network } from './network.ts'
import type { Participant } from './participant.ts'

/** One honest node: the real machines and drivers over simulated ports. */
export class SimulatedNode implements Participant {
  readonly peer: PeerId
  readonly isHonest = true
  readonly store = new MemoryFeedStore()
  readonly sync: SyncDriver
  readonly faults: string[] = []
  readonly #network: Network
  readonly #refused = new RefusedPeers()
  readonly #gossip: GossipDriver
  readonly #intake: Intake
  readonly #changes: HeadChanges
  readonly #handler: FeedHandler
  #judge: (peer: PeerId, bytes: Uint8Array) => Promise<'accept' | 'ignore' | 'reject'> = async () => 'ignore'

  constructor(network: Network, name: string, publishers: readonly Publisher[]) {
    this.peer = name as PeerId
    this.#network = network
    this.#changes = new HeadChanges(new HeadLog(() => network.world.now()))
    const followed = publishers.map(({ id }) => id)
    this.#intake = new Intake({
      net: NET,
      store: this.store,
      verify: async envelope => verifiedOnce(envelope),
      onStored: records => this.#changes.stored(records),
      isOwnFeed: () => false,
      onOwnFeed: () => {},
    })
    this.#handler = new FeedHandler({ store: this.store, changes: this.#changes, mayServeFeed: () => true })
    this.sync = new SyncDriver({
      client: {
        request: (peer, payload, { signal }) => network.request(this, peer, payload, signal),
        features: async peer => featuresOf(peer),
      },
      intake: this.#intake,
      clock: network.world,
      random: network.world.random,
      dropPeer: (peer, why) => this.#drop(peer, why),
      pinnedHeads: publisher => this.#voidedHeads(publisher),
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
      codec: codecOf(publishers),
      intake: this.#intake,
      clock: network.world,
      isFollowed: publisher => followed.includes(publisher),
      mayAnnounce: () => true,
      onGap: (publisher, peer) => this.sync.gap(publisher, peer),
    })
  }

  admits(other: PeerId): boolean {
    return !this.#refused.isRefused(other, this.#network.world.now())
  }

  connected(other: PeerId): void {
    this.sync.connected(other, 'other')
  }

  disconnected(other: PeerId): void {
    this.sync.disconnected(other)
  }

  /** Writes an own record. */
  async write(record: WellFormedRecord): Promise<void> {
    await this.store.append([record])
    await this.#intake.wrote(record)
    this.#changes.stored([record])
    await this.#gossip.announce(record)
  }

  hears(from: Participant, bytes: Uint8Array): void {
    void this.#judge(from.peer, bytes).then(verdict => {
      if (verdict === 'reject') this.faults.push(`rejected an honest announcement from ${from.peer}`)
      if (verdict === 'accept') this.#flood(bytes, from)
    })
  }

  answers(peer: PeerId, payload: Uint8Array, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return this.#handler.handle({ peer, payload, signal })
  }

  #voidedHeads(publisher: PublisherId): readonly FeedHead[] {
    const voids = [...this.store.records.values()].some(({ typ }) => typ === 'void')
    return voids ? foldPublisher(publisher, this.store.records.values()).voidedHeads : []
  }

  #flood(bytes: Uint8Array, except: Participant | null): void {
    for (const other of this.#network.neighbours(this))
      if (other !== except) this.#network.send(this, other, () => other.hears(this, bytes))
  }

  /** A dropped peer is dialled again, as the peer keeper would. */
  #drop(peer: PeerId, why: 'bad record' | 'unreliable'): void {
    const other = this.#network.at(peer)
    if (other.isHonest && why === 'bad record') this.faults.push(`dropped honest ${peer}: ${why}`)
    this.#refused.refuse(peer, this.#network.world.now(), why === 'bad record' ? REFUSED_MS : UNRELIABLE_MS)
    this.#network.cut(this, other)
    this.#network.dial(this, other)
  }
}

/** A third of all are of a version that tells no changes. */
const featuresOf = (peer: PeerId): ReadonlySet<string> =>
  new Set((peer.codePointAt(peer.length - 1) ?? 0) % 3 === 0 ? [] : [HEADS_SINCE_FEATURE])

/** The real announcements, checked in line: the thread pool's order is not the seed's. */
function codecOf(publishers: readonly Publisher[]): AnnouncementCodec {
  const sealHead = (record: WellFormedRecord) =>
    publishers.find(({ feed }) => feed === record.feed)?.sealHeadOf(record) ?? null
  const real = announcementCodecOf({ net: NET, sealHead })
  return {
    ...real,
    open: bytes => {
      const opened = real.open(bytes)
      return typeof opened === 'object' ? { ...opened, verify: async () => verifyInLine(bytes) } : opened
    },
  }
}

/** What every node finds out by itself costs one check a record, not one a node and seed. */
const verified = new Map<string, WellFormedRecord>()

function verifiedOnce(envelope: Uint8Array): WellFormedRecord {
  const key = Buffer.from(envelope).toString('latin1')
  const record = verified.get(key) ?? parseRecord(envelope, { net: NET })
  verified.set(key, record)
  return record
}

function verifyInLine(bytes: Uint8Array): boolean {
  const announcement = parseAnnouncement(bytes)
  if (announcement.k === 'record') verifiedOnce(announcement.envelope)
  if (announcement.k === 'head') openHead(announcement.sealedHead, NET)
  return true
}
