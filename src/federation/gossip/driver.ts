import type { FeedId, PeerId, PublisherId, WellFormedRecord } from '../../protocol/index.ts'
import type { Clock } from '../streams/clock.ts'
import type { Intake } from '../sync/intake.ts'
import type { AnnouncementCodec } from './announcement-codec.ts'
import { Conduct, type Fault } from './conduct.ts'
import { MAX_WAITING_COMMITS } from './limits.ts'
import { type Claim, GossipMachine, type Ignored, type Rejected, type Whose } from './machine.ts'

/** Gossipsub, as far as announcements need it. */
export interface GossipNetwork {
  publish(topic: string, bytes: Uint8Array): Promise<void>
  /** `judge` decides what happens with each message; the answer stops listening. */
  onMessage(judge: (peer: PeerId, bytes: Uint8Array) => Promise<'accept' | 'ignore' | 'reject'>): () => void
  /** `traffic` is told what comes before it is an announcement, and decides whether it is decoded. */
  readonly onTraffic?: (traffic: GossipTraffic) => void
}

/** What comes over a peer's gossip stream. */
export interface GossipTraffic {
  /** A message of this length; false: it is not to be decoded. */
  mayDecode(peer: PeerId, bytes: number): boolean
  /** Subscriptions to topics that this network does not have. */
  foreignTopics(peer: PeerId, count: number): void
  fault(peer: PeerId, why: Fault): void
  left(peer: PeerId): void
}

export interface GossipPorts {
  readonly network: GossipNetwork
  readonly codec: AnnouncementCodec
  readonly intake: Intake
  readonly clock: Clock
  readonly isFollowed: (publisher: PublisherId) => boolean
  /** Publishers that are not followed by name. Absent: their records are relayed and no more. */
  readonly unknown?: {
    /** Whether its records are stored all the same. */
    isTaken(publisher: PublisherId): boolean
    /** A signed announcement of it came. */
    heard(publishers: Iterable<PublisherId>): void
  }
  /** Whether a feed is public: nothing of another is ever announced. */
  readonly mayAnnounce: (publisher: PublisherId, feed: FeedId) => boolean
  /** Records of `publisher` are missing here; `peer` forwarded the news. */
  readonly onGap: (publisher: PublisherId, peer: PeerId) => void
  /** For the metrics. */
  readonly onRefused?: (answer: Ignored | Rejected, peer: PeerId) => void
  /** Ends the session with a peer that floods, or sent too much that no honest peer sends. */
  readonly dropPeer?: (peer: PeerId, why: Fault) => void
}

/** Carries out what the gossip machine decides: verifies, relays, stores what is followed, asks sync about gaps. */
export class GossipDriver implements AsyncDisposable {
  readonly #ports: GossipPorts
  readonly #machine = new GossipMachine()
  readonly #conduct = new Conduct()
  readonly #commits = new Set<Promise<void>>()
  readonly #stop: () => void

  constructor(ports: GossipPorts) {
    this.#ports = ports
    this.#stop = ports.network.onMessage((peer, bytes) => this.#judge(peer, bytes))
    ports.network.onTraffic?.(this.#traffic())
  }

  /** How full each bounded structure is. */
  get sizes() {
    return { waitingCommits: this.#commits.size, ...this.#machine.sizes }
  }

  /** Announces an own record; does nothing for a feed that is not public. */
  async announce(record: WellFormedRecord): Promise<void> {
    this.#machine.remember(record)
    if (!this.#ports.mayAnnounce(record.publisher, record.feed)) return
    const { codec, network } = this.#ports
    const bytes = codec.encode(record)
    if (bytes !== null) await network.publish(codec.topicOf(record.publisher), bytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop()
    await Promise.all(this.#commits)
  }

  async #judge(peer: PeerId, bytes: Uint8Array): Promise<'accept' | 'ignore' | 'reject'> {
    const { codec, intake, isFollowed, clock } = this.#ports
    const opened = codec.open(bytes)
    const claim = typeof opened === 'object' ? opened.claim : opened
    // Of what is known nothing more is asked: most announcements come several times.
    const followed = typeof claim === 'object' && !this.#machine.isKnown(claim) && isFollowed(claim.publisher)
    const whose = followed ? await this.#whoseOf(claim) : 'unknown'
    const arrival = this.#machine.arrived(peer, claim, whose, clock.now())
    if (arrival.is !== 'verify') return this.#refuse(arrival, peer)
    if (typeof opened !== 'object' || typeof claim !== 'object') return 'ignore' // excluded by `verify`
    if (followed && (await intake.holds(claim.id))) {
      this.#machine.held(claim.id)
      return this.#refuse({ is: 'ignore', why: 'known' }, peer)
    }
    if (this.#conduct.isOut(peer)) return 'ignore'
    const isValid = opened.verify()
    if (isValid === 'newer') return this.#refuse({ is: 'ignore', why: 'newer' }, peer)
    const verdict = this.#machine.verified(claim, isValid, whose, clock.now())
    if (verdict.is === 'reject') return this.#refuse(verdict, peer)
    const next = verdict.next === 'nothing' ? this.#nextOfUnknown(claim) : verdict.next
    if (next === 'store' && opened.record !== null) this.#store(opened.record, peer)
    if (next === 'sync') this.#ports.onGap(claim.publisher, peer)
    return 'accept'
  }

  /** Of a followed publisher's announcement; news whose root cannot be read here is passed on all the same. */
  async #whoseOf(claim: Claim): Promise<Whose> {
    return (await this.#ports.intake.isAuthorised(claim).catch(() => false)) ? 'authorised' : 'followed'
  }

  #nextOfUnknown({ publisher, form }: Claim): 'store' | 'sync' | 'nothing' {
    const { unknown } = this.#ports
    if (unknown?.isTaken(publisher)) return form === 'record' ? 'store' : 'sync'
    unknown?.heard([publisher])
    return 'nothing'
  }

  #refuse(answer: Ignored | Rejected, peer: PeerId): 'ignore' | 'reject' {
    this.#ports.onRefused?.(answer, peer)
    if (answer.is === 'reject') this.#fault(peer, answer.why)
    return answer.is
  }

  #fault(peer: PeerId, why: Fault): void {
    if (this.#conduct.fault(peer, this.#ports.clock.now())) this.#ports.dropPeer?.(peer, why)
  }

  #traffic(): GossipTraffic {
    const { clock, dropPeer } = this.#ports
    return {
      mayDecode: (peer, bytes) => {
        const answer = this.#conduct.message(peer, bytes, clock.now())
        if (answer === 'out') dropPeer?.(peer, 'flood')
        return answer === 'take'
      },
      foreignTopics: (peer, count) => {
        if (this.#conduct.foreignTopics(peer, count, clock.now())) dropPeer?.(peer, 'foreign topic')
      },
      fault: (peer, why) => this.#fault(peer, why),
      left: peer => this.#conduct.left(peer),
    }
  }

  /** In the background: the relay does not wait for the disk. */
  #store(record: WellFormedRecord, peer: PeerId): void {
    if (this.#commits.size >= MAX_WAITING_COMMITS) {
      this.#ports.onGap(record.publisher, peer)
      return
    }
    const commit = this.#ports.intake
      .commit([record], peer)
      .then(({ refused }) => {
        const why = refused[0]?.why
        if (why === 'gap' || why === 'undecided') this.#ports.onGap(record.publisher, peer)
      })
      .catch(() => this.#ports.onGap(record.publisher, peer))
      .finally(() => this.#commits.delete(commit))
    this.#commits.add(commit)
  }
}
