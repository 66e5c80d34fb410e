import { peerIdFromString } from '@libp2p/peer-id'
import {
  CONTENT_ALLOWANCE,
  contentProtocolOf,
  DIAL_BACK_ALLOWANCE,
  FEED_ALLOWANCE,
  type FeedClient,
  HeadChanges,
  Intake,
  KeptStreams,
  LONGEST_HEADS_BYTES,
  MISSING_BLOCK_BYTES,
  type OwnHeads,
  ownHeads,
  PEERS_ALLOWANCE,
  PeerBudgets,
  rangeVerifier,
  SEARCH_ALLOWANCE,
  SNAPSHOT_ALLOWANCE,
  Standing,
  SUBSCRIPTION_CREDIT_BYTES,
  snapshotProtocolOf,
  systemClock,
} from '../../federation/index.ts'
import {
  type FeedId,
  type PeerId,
  type PublisherId,
  parseFeedRequest,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import type { Config } from '../config/index.ts'
import { HashThread } from '../hashing/index.ts'
import { Writer } from '../library/writer.ts'
import { createLog } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { discoveryPortOf, parsePeerAddress } from '../network/discovery-port.ts'
import { Membership } from '../network/membership.ts'
import type { Network } from '../network/network.ts'
import { PeerLedger } from '../network/peer-ledger.ts'
import { REFUSED_MS, RefusedPeers, UNRELIABLE_MS } from '../network/refused-peers.ts'
import { openStreamOver } from '../network/stream-port.ts'
import { SignatureWorkers } from '../verification/index.ts'
import { FailureLog } from './failure-log.ts'
import { linkOf } from './link-caps.ts'
import type { OpenHome } from './open-home.ts'

export interface ExchangeParts {
  readonly net: string
  readonly config: Config
  readonly home: OpenHome
  readonly metrics: Metrics
  /** The network, once it is started: nothing is exchanged before. */
  readonly network: () => Network
}

/** A subscription waits for news without a time-out; all else on the feed stream has the stream's own bounds. */
const SUBSCRIPTION_BOUNDS = {
  ...{ creditBytes: SUBSCRIPTION_CREDIT_BYTES, longestBytes: LONGEST_HEADS_BYTES },
  ...{ firstByteMs: 0, minBytesPerSecond: 0 },
}

/** What naming a publisher adds to a request, bytes: so much is charged for one that is looked up unnamed. */
const PUBLISHER_BYTES = 64

/** How records come in and go out: kept streams to peers, the intake for theirs, the writer for ours. */
export class Exchange implements AsyncDisposable {
  readonly protocols: {
    readonly feed: string
    readonly content: string
    readonly search: string
    readonly peers: string
    readonly dialBack: string
    readonly snapshot: string
  }
  readonly streams: KeptStreams
  readonly changes = new HeadChanges()
  readonly feedClient: FeedClient
  readonly intake: Intake
  readonly writer: Writer
  readonly refused = new RefusedPeers()
  readonly standing = new Standing()
  /** What passed with each peer, for the operator. */
  readonly ledger = new PeerLedger()
  readonly membership: Membership
  /** What keeps this node from doing its work, by subject, for /readyz. */
  readonly problems = new Map<string, string>()
  /** Hashes large artifacts that come from peers. */
  readonly hashing = new HashThread()
  readonly #parts: ExchangeParts
  readonly #budgets: PeerBudgets
  readonly #signatures = new SignatureWorkers()
  #brought: (peer: PeerId) => void = () => {}
  readonly #ownListeners = new Set<(record: WellFormedRecord) => void>()

  constructor(parts: ExchangeParts) {
    const { net, home, metrics, network } = parts
    this.#parts = parts
    this.membership = membershipOf(parts)
    this.protocols = {
      feed: `/hanse/${net}/feed/1`,
      content: contentProtocolOf(net),
      search: `/hanse/${net}/search/1`,
      peers: `/hanse/${net}/peers/1`,
      dialBack: `/hanse/${net}/dial-back/1`,
      snapshot: snapshotProtocolOf(net),
    }
    this.#budgets = new PeerBudgets({
      allowances: {
        [this.protocols.feed]: FEED_ALLOWANCE,
        [this.protocols.content]: CONTENT_ALLOWANCE,
        [this.protocols.search]: SEARCH_ALLOWANCE,
        [this.protocols.peers]: PEERS_ALLOWANCE,
        [this.protocols.dialBack]: DIAL_BACK_ALLOWANCE,
        [this.protocols.snapshot]: SNAPSHOT_ALLOWANCE,
      },
      onOver: (how, peer) => {
        metrics.overBudget.inc({ how })
        this.ledger.over(peer, how)
      },
    })
    const failures = new FailureLog({
      now: () => systemClock.now(),
      write: ({ subject, ...failure }) =>
        createLog().error({ ...failure, protocol: subject }, 'a request of a peer failed here'),
    })
    this.streams = new KeptStreams({
      openStream: openStreamOver(network, this.ledger),
      onOffence: (peer, code) => {
        metrics.refusals.inc({ code })
        this.ledger.refused(peer, code)
        this.refuse(peer)
      },
      onSilent: peer => this.#abort(peer),
      onFailure: (protocol, err) => {
        metrics.answerFailures.inc({ protocol })
        failures.failed(protocol, err)
      },
      ...linkOf(parts.config.network, [this.protocols.content, this.protocols.snapshot]),
      budget: this.#budgets,
    })
    this.feedClient = {
      request: (peer, payload, { signal }) => {
        const bounds = parseFeedRequest(payload)?.ask === 'subscribe' ? SUBSCRIPTION_BOUNDS : {}
        return this.streams.request(peer, this.protocols.feed, payload, { signal, ...bounds })
      },
      features: (peer, { signal }) => this.streams.features(peer, this.protocols.feed, signal),
    }
    this.intake = new Intake({
      net,
      store: home.library.store,
      verify: rangeVerifier({ net, verifySignatures: checks => this.#signatures.verify(checks) }),
      onStored: (records, from) => this.#stored(records, from),
      isOwnFeed: (publisher, feed) => this.writer.isOwnFeed(publisher, feed),
      onOwnFeed: head => this.writer.cameFromPeer(head),
    })
    this.writer = new Writer({
      net,
      identity: home.identity,
      library: home.library,
      adoptOwnHeads: (publisher, feeds, mustHear) => this.#adoptOwnHeads(publisher, feeds, mustHear),
      announce: record => this.#wrote(record),
    })
  }

  /** Charges a peer for feeds of publishers that it did not name; false: beyond its budget, or only after a wait. */
  mayLookUp(peer: PeerId, publishers: number): boolean {
    return this.#budgets.chargeRequest(peer, this.protocols.feed, publishers * PUBLISHER_BYTES) === 0
  }

  /** Charges a peer for a block that it asked for and that is not here. */
  missed(peer: PeerId): void {
    this.#budgets.chargeBytes(peer, this.protocols.content, MISSING_BLOCK_BYTES)
  }

  /** Calls `listener` with each record this node wrote, after it is durable and folded. */
  onOwnRecord(listener: (record: WellFormedRecord) => void): void {
    this.#ownListeners.add(listener)
  }

  /** Calls `listener` with each peer that brought records that verified and were missing here. */
  onBrought(listener: (peer: PeerId) => void): void {
    this.#brought = listener
  }

  /** Peers whose addresses are known; none while the network is off. */
  knownPeers(): ReadonlySet<PeerId> {
    const { config, home } = this.#parts
    const { mode, bootstrap } = config.network
    if (mode === 'off') return new Set()
    const known = [...bootstrap.map(parsePeerAddress), ...home.peers.all(true), ...home.peers.all(false)]
    return new Set(known.flatMap(each => each?.peer ?? []))
  }

  /** Pinned peers first, then as they came. */
  connectedPeers(): readonly PeerId[] {
    const { network, home } = this.#parts
    const ids = network()
      .getPeers()
      .map(peer => peer.toString() as PeerId)
    return ids.toSorted((a, b) => Number(home.peers.isPinned(b)) - Number(home.peers.isPinned(a)))
  }

  /** Ends the connection with a peer; one that is gone already is as good. */
  async hangUp(peer: PeerId): Promise<void> {
    await this.#parts
      .network()
      .hangUp(peerIdFromString(peer))
      .catch(() => {})
  }

  /** Ends connections that lead nowhere: nobody waits for the peer to agree, and the keeper dials anew. */
  #abort(peer: PeerId): void {
    const silent = new Error('the peer is silent')
    for (const connection of this.#parts.network().getConnections(peerIdFromString(peer))) connection.abort(silent)
  }

  /** Ends the connection with a peer that sent what no honest peer sends, and keeps it out for a while. */
  refuse(peer: PeerId): void {
    this.#keepOut('offence', peer, REFUSED_MS)
  }

  /** The same for one that sent a record or a message no honest peer sends; it is counted. */
  refuseLiar(peer: PeerId): void {
    this.#parts.metrics.refusals.inc({ code: 'bad record' })
    this.ledger.refused(peer, 'bad record')
    this.refuse(peer)
  }

  /** The same for a peer that does not keep its offers; it may come back sooner. */
  refuseUnreliable(peer: PeerId): void {
    this.#keepOut('unreliable', peer, UNRELIABLE_MS)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.streams[Symbol.asyncDispose]()
    await this.#signatures[Symbol.asyncDispose]()
    await this.hashing[Symbol.asyncDispose]()
  }

  #keepOut(what: 'offence' | 'unreliable', peer: PeerId, termMs: number): void {
    const now = systemClock.now()
    this.refused.refuse(peer, now, termMs)
    this.standing.did(what, peer, now)
    void this.hangUp(peer)
  }

  #stored(records: readonly WellFormedRecord[], from: PeerId): void {
    this.#brought(from)
    const { metrics, home } = this.#parts
    metrics.records.inc({ via: 'peer' }, records.length)
    try {
      home.library.absorb(records)
    } finally {
      this.changes.stored(records, from)
    }
  }

  #wrote(record: WellFormedRecord): void {
    const { metrics } = this.#parts
    metrics.records.inc({ via: 'own' })
    this.changes.stored([record])
    this.intake.wrote(record).catch((err: unknown) => {
      // The record is durable and folded; what the intake does not know of it, it reads from the store when it is asked.
      createLog().error({ err }, 'the intake did not take note of an own record')
    })
    for (const listener of this.#ownListeners) listener(record)
  }

  /** Right after a start the peers this node knows are still being connected: those are waited for, nobody else is. */
  async #adoptOwnHeads(publisher: PublisherId, feeds: readonly FeedId[], mustHear: boolean): Promise<OwnHeads> {
    const { network } = this.#parts
    const coming = { expected: this.knownPeers().size, onConnect: discoveryPortOf(network()).onConnect }
    const peers = this.connectedPeers()
    const { feedClient: client, intake } = this
    const onLie = (peer: PeerId) => this.refuseLiar(peer)
    return await ownHeads({ client, intake, publisher, feeds, peers, coming, mustHear, onLie })
  }
}

function membershipOf({ config, home: { library, peers } }: ExchangeParts): Membership {
  const { allow, authority, bootstrap } = config.network
  const met = new Set(bootstrap.map(address => parsePeerAddress(address)?.peer))
  return new Membership({
    allow,
    members: authority === undefined ? null : () => library.catalogue.membersOf(authority as PublisherId),
    isChosen: peer => met.has(peer) || peers.isPinned(peer),
  })
}
