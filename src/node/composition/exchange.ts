import {
  type FeedClient,
  HeadChanges,
  Intake,
  KeptStreams,
  type OwnHeads,
  ownHeads,
  rangeVerifier,
  systemClock,
} from '../../federation/index.ts'
import type { FeedId, PeerId, PublisherId, WellFormedRecord } from '../../protocol/index.ts'
import type { Config } from '../config/index.ts'
import { HashThread } from '../hashing/index.ts'
import { Writer } from '../library/writer.ts'
import { createLog } from '../log.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { parsePeerAddress } from '../network/discovery-port.ts'
import { Membership } from '../network/membership.ts'
import type { Network } from '../network/network.ts'
import { PeerConnections } from '../network/peer-connections.ts'
import { PeerLedger } from '../network/peer-ledger.ts'
import { Refusals } from '../network/refusals.ts'
import { openStreamOver } from '../network/stream-port.ts'
import { SignatureWorkers } from '../verification/index.ts'
import { FailureLog } from './failure-log.ts'
import { feedClientOf } from './feed-client.ts'
import { linkOf } from './link-caps.ts'
import type { OpenHome } from './open-home.ts'
import { PeerCharges, type Protocols, protocolsOf } from './peer-charges.ts'

export interface ExchangeParts {
  readonly net: string
  readonly config: Config
  readonly home: OpenHome
  readonly metrics: Metrics
  /** The network, once it is started: nothing is exchanged before. */
  readonly network: () => Network
}

/** How records come in and go out: kept streams to peers, the intake for theirs, the writer for ours. */
export class Exchange implements AsyncDisposable {
  readonly protocols: Protocols
  /** What passed with each peer, for the operator. */
  readonly ledger = new PeerLedger()
  readonly connections: PeerConnections
  readonly refusals: Refusals
  readonly charges: PeerCharges
  readonly streams: KeptStreams
  readonly changes = new HeadChanges()
  readonly feedClient: FeedClient
  readonly intake: Intake
  readonly writer: Writer
  readonly membership: Membership
  /** Hashes large artifacts that come from peers. */
  readonly hashing = new HashThread()
  readonly #parts: ExchangeParts
  readonly #signatures = new SignatureWorkers()
  #brought: (peer: PeerId) => void = () => {}
  readonly #ownListeners = new Set<(record: WellFormedRecord) => void>()

  constructor(parts: ExchangeParts) {
    const { net, config, home, metrics, network } = parts
    this.#parts = parts
    this.membership = membershipOf(parts)
    this.protocols = protocolsOf(net)
    this.connections = new PeerConnections({ settings: config.network, book: home.peers, network })
    this.refusals = new Refusals({
      ledger: this.ledger,
      count: code => metrics.refusals.inc({ code }),
      hangUp: peer => void this.connections.hangUp(peer),
      now: () => systemClock.now(),
    })
    this.charges = new PeerCharges(this.protocols, (how, peer) => {
      metrics.overBudget.inc({ how })
      this.ledger.over(peer, how)
    })
    this.streams = this.#openStreams()
    this.feedClient = feedClientOf(this.streams, this.protocols.feed)
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

  /** Calls `listener` with each record this node wrote, after it is durable and folded. */
  onOwnRecord(listener: (record: WellFormedRecord) => void): void {
    this.#ownListeners.add(listener)
  }

  /** Calls `listener` with each peer that brought records that verified and were missing here. */
  onBrought(listener: (peer: PeerId) => void): void {
    this.#brought = listener
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.streams[Symbol.asyncDispose]()
    await this.#signatures[Symbol.asyncDispose]()
    await this.hashing[Symbol.asyncDispose]()
  }

  #openStreams(): KeptStreams {
    const { config, metrics, network } = this.#parts
    const { content, snapshot } = this.protocols
    const failures = new FailureLog({
      now: () => systemClock.now(),
      write: ({ subject, ...failure }) =>
        createLog().error({ ...failure, protocol: subject }, 'a request of a peer failed here'),
    })
    return new KeptStreams({
      openStream: openStreamOver(network, this.ledger),
      onOffence: (peer, code) => this.refusals.offended(peer, code),
      onSilent: peer => this.connections.abort(peer),
      onFailure: (protocol, err) => {
        metrics.answerFailures.inc({ protocol })
        failures.failed(protocol, err)
      },
      ...linkOf(config.network, [content, snapshot]),
      budget: this.charges.budgets,
    })
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
    const { connections } = this
    const onConnect = (listener: (peer: PeerId) => void) => connections.onConnect(listener)
    const coming = { expected: connections.known().size, onConnect }
    const peers = connections.connected()
    const { feedClient: client, intake } = this
    const onLie = (peer: PeerId) => this.refusals.offended(peer, 'bad record')
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
