import type { Ignored, Rejected } from '../../../src/federation/gossip/machine.ts'
import type { DropReason } from '../../../src/federation/sync/effects.ts'
import type { Identity } from '../../../src/node/identity/identity-file.ts'
import { REFUSED_MS, RefusedPeers, UNRELIABLE_MS } from '../../../src/node/network/refused-peers.ts'
import {
  type FeedId,
  HEADS_SINCE_FEATURE,
  type PeerId,
  type PublisherId,
  RANGE_ENOUGH_FEATURE,
  type RecordId,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import type { Publisher } from './cast.ts'
import { NodeClock } from './clocks.ts'
import { SimulatedDisk } from './disk.ts'
import { type Ledger, textOf } from './ledger.ts'
import type { Network } from './network.ts'
import { NodeLife } from './node-life.ts'
import type { Participant } from './participant.ts'

export interface NodeOptions {
  readonly ledger: Ledger
  /** Publishers that write by script. */
  readonly publishers: readonly Publisher[]
  /** Followed besides them. */
  readonly alsoFollowed?: readonly PublisherId[]
  /** The keys that the node holds, and the publisher that they make. */
  readonly identity?: Identity
  readonly writes?: PublisherId
  /** Its private feed. */
  readonly hiddenFeed?: FeedId
  /** Its clock less the world's, ms. */
  readonly aheadMs?: number
}

/** One honest node through all its lives: its disk, its name, and what it must never do. */
export class SimulatedNode implements Participant {
  readonly peer: PeerId
  readonly isHonest = true
  readonly disk: SimulatedDisk
  /** Records that it said are safe. */
  readonly safe = new Map<RecordId, WellFormedRecord>()
  readonly faults: string[] = []
  clock: NodeClock
  readonly #network: Network
  readonly #options: NodeOptions
  #refused = new RefusedPeers()
  #life: NodeLife | null = null
  #refusal: Ignored | Rejected | null = null
  /** Announcements accepted in this life. */
  #accepted = new Set<RecordId>()

  constructor(network: Network, name: string, options: NodeOptions) {
    this.peer = name as PeerId
    this.disk = new SimulatedDisk(network.world)
    this.clock = new NodeClock(network.world, options.aheadMs ?? 0)
    this.#network = network
    this.#options = options
  }

  /** null: it is down. */
  get life(): NodeLife | null {
    return this.#life
  }

  /** Starts it, from what is on its disk; all that it called safe must be there. */
  async start(): Promise<void> {
    const { publishers, alsoFollowed = [], identity = null, aheadMs = 0 } = this.#options
    const { world } = this.#network
    const clock = new NodeClock(world, aheadMs)
    this.clock = clock
    this.#refused = new RefusedPeers()
    this.#accepted = new Set()
    const life = await NodeLife.start({
      ...{ disk: this.disk, clock, random: world.random, identity },
      client: {
        request: (peer, payload, { signal }) => this.#network.request(this, peer, payload, signal),
        features: async peer => featuresOf(peer),
      },
      peers: () =>
        this.#network
          .neighbours(this)
          .sort(honestFirst)
          .map(({ peer }) => peer),
      followed: [...publishers.map(({ id }) => id), ...alsoFollowed],
      sealHead: record => publishers.find(({ feed }) => feed === record.feed)?.sealHeadOf(record) ?? null,
      publish: (bytes, record) => {
        if (this.clock === clock) this.#publish(bytes, record)
      },
      dropPeer: (peer, why) => this.#drop(peer, why),
      onRefused: answer => {
        this.#refusal = answer
      },
      onSafe: records => {
        for (const record of records) this.#isSafe(record)
      },
    })
    if (this.clock !== clock) return
    const held = await life.held()
    for (const [id, { seq }] of this.safe)
      if (!held.has(id)) this.faults.push(`${this.peer} lost record ${seq}, which it had called safe`)
    for (const record of held.values()) this.#isSafe(record)
    this.#life = life
  }

  /** Cuts the power: what was not acknowledged may be gone. */
  crash(): void {
    this.#stop()
    this.disk.crash()
  }

  /** Stops, and starts with an older copy of its disk, as after a restore by hand. */
  async rollBack(backup: ReturnType<SimulatedDisk['backup']>): Promise<void> {
    this.#stop()
    this.disk.restore(backup)
    this.safe.clear()
    await this.start()
  }

  admits(other: PeerId): boolean {
    return this.#life !== null && !this.#refused.isRefused(other, this.clock.now())
  }

  connected(other: PeerId): void {
    this.#life?.connected(other)
  }

  disconnected(other: PeerId): void {
    this.#life?.sync.disconnected(other)
  }

  hears(from: Participant, bytes: Uint8Array): void {
    const life = this.#life
    if (life === null) return
    this.#refusal = null
    void life.judge(from.peer, bytes).then(verdict => {
      if (this.#life !== life) return
      this.#check(from, bytes, verdict)
      if (verdict === 'accept') this.#flood(bytes, from)
    })
  }

  answers(peer: PeerId, payload: Uint8Array, signal: AbortSignal): AsyncIterable<Uint8Array> {
    if (this.#life === null) throw new Error('the node is down')
    return this.#life.handler.handle({ peer, payload, signal })
  }

  #isSafe(record: WellFormedRecord): void {
    this.safe.set(record.id, record)
    const { ledger, writes, hiddenFeed } = this.#options
    const made = record.feed === hiddenFeed ? ledger.hidden : ledger.written
    if (record.publisher === writes && !made.some(({ id }) => id === record.id)) made.push(record)
  }

  #stop(): void {
    this.#life?.end()
    this.#life = null
    this.clock = new NodeClock(this.#network.world, 0)
    for (const other of this.#network.neighbours(this)) this.#network.cut(this, other)
  }

  /** What an honest node may not make of an announcement. */
  #check(from: Participant, bytes: Uint8Array, verdict: 'accept' | 'ignore' | 'reject'): void {
    const { ledger } = this.#options
    const why = this.#refusal?.why
    const news = ledger.news.get(textOf(bytes))
    const say = (what: string) => this.faults.push(`${this.peer} ${what}`)
    if (verdict === 'accept' && ledger.forged.has(textOf(bytes))) say('accepted a forged announcement')
    if (verdict !== 'reject' && (why === 'size' || why === 'shape' || why === 'signature'))
      say(`let a message pass that it found wrong (${why})`)
    if (verdict === 'reject' && from.isHonest) say(`rejected an announcement of honest ${from.peer}`)
    if (news === undefined) return
    if (verdict === 'accept') this.#accepted.add(news.id)
    else if (verdict === 'ignore' && from.isHonest && this.#isNewsTo(news, why))
      say(`ignored news of honest ${from.peer} (${why})`)
  }

  #isNewsTo({ id }: WellFormedRecord, why: string | undefined): boolean {
    return why !== 'known' || !(this.safe.has(id) || this.#accepted.has(id))
  }

  #publish(bytes: Uint8Array, record: WellFormedRecord): void {
    if (record.publisher === this.#life?.writer?.publisher) this.#options.ledger.news.set(textOf(bytes), record)
    this.#flood(bytes, null)
  }

  #flood(bytes: Uint8Array, except: Participant | null): void {
    for (const other of this.#network.neighbours(this))
      if (other !== except) this.#network.send(this, other, () => other.hears(this, bytes))
  }

  /** A dropped peer is dialled again, as the peer keeper would. */
  #drop(peer: PeerId, why: DropReason): void {
    const other = this.#network.at(peer)
    if (other.isHonest && why === 'bad record') this.faults.push(`${this.peer} dropped honest ${peer}: ${why}`)
    this.#options.ledger.dropped(this.peer, peer, this.#network.world.now())
    this.#refused.refuse(peer, this.clock.now(), why === 'bad record' ? REFUSED_MS : UNRELIABLE_MS)
    this.#network.cut(this, other)
    this.#network.dial(this, other)
  }
}

/** As an operator pins those it knows. */
const honestFirst = (a: Participant, b: Participant): number => Number(b.isHonest) - Number(a.isHonest)

/** A third of all are of a version that tells no changes, and knows ranges of one size. */
const featuresOf = (peer: PeerId): ReadonlySet<string> =>
  new Set((peer.codePointAt(peer.length - 1) ?? 0) % 3 === 0 ? [] : [HEADS_SINCE_FEATURE, RANGE_ENOUGH_FEATURE])
