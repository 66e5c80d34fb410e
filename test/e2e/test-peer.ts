import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Stream } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { CID } from 'multiformats/cid'
import { KeptStreams, type OffenceCode, type RequestHandler } from '../../src/federation/index.ts'
import { libp2pOptionsOf, type Network, type NetworkServices } from '../../src/node/network/network.ts'
import { acceptStreams, openStreamOver } from '../../src/node/network/stream-port.ts'
import {
  type BlockId,
  encodeContentRequest,
  encodeFeedRequest,
  encodeSearchRequest,
  type FeedHead,
  type FeedId,
  type PeerId,
  type PublisherId,
  parseBlockAnswer,
  parseHeads,
  parseRange,
  parseRecord,
  parseSearchHits,
  type RecordId,
  type SearchHit,
  topicsOf,
  type WellFormedRecord,
} from '../../src/protocol/index.ts'
import type { NodeProcess } from './hanse-process.ts'

/** A node, as far as it is dialled and asked. */
export type AskedNode = Pick<NodeProcess, 'ready' | 'address'>

const NET = 'main'
const FEED = `/hanse/${NET}/feed/1`
const CONTENT = `/hanse/${NET}/content/1`
const SEARCH = `/hanse/${NET}/search/1`
const LIMIT_MS = 10_000

/** What a test peer answers; absent: it only asks. */
export interface TestPeerAnswers {
  /** Makes its libp2p of the real options; absent: as a node does. */
  readonly create?: (options: Libp2pOptions<NetworkServices>) => Promise<Network>
  readonly feed?: RequestHandler
  readonly content?: RequestHandler
}

/** A peer in this process that speaks the node's real protocols over TCP and does what a test tells it. */
export class TestPeer implements AsyncDisposable {
  readonly libp2p: Network
  readonly streams: KeptStreams
  readonly offences: OffenceCode[] = []
  /** What was gossiped to this peer, as it came. */
  readonly gossip: Uint8Array[] = []

  private constructor(libp2p: Network) {
    this.libp2p = libp2p
    this.streams = new KeptStreams({
      openStream: openStreamOver(() => libp2p),
      onOffence: (_, code) => this.offences.push(code),
    })
  }

  static async start({ feed, content, create = plainLibp2p }: TestPeerAnswers = {}): Promise<TestPeer> {
    const topics = topicsOf(NET)
    const listen = ['/ip4/127.0.0.1/tcp/0']
    const options = {
      net: NET,
      nodeSeed: randomBytes(32),
      mode: 'public',
      listen,
      announce: [],
      mdns: false,
      topics,
    } as const
    const peer = new TestPeer(await create(libp2pOptionsOf(options)))
    if (feed) peer.streams.handle(FEED, feed)
    if (content) peer.streams.handle(CONTENT, content)
    await acceptStreams(peer.libp2p, [FEED, CONTENT], peer.streams)
    const { pubsub } = peer.libp2p.services
    for (const topic of topics) pubsub.subscribe(topic)
    pubsub.addEventListener('gossipsub:message', ({ detail }) => peer.gossip.push(detail.msg.data))
    return peer
  }

  get id(): PeerId {
    return this.libp2p.peerId.toString() as PeerId
  }

  get address(): string {
    return String(this.libp2p.getMultiaddrs()[0])
  }

  async connect(node: AskedNode): Promise<void> {
    await this.libp2p.dial(multiaddr(node.address), { signal: AbortSignal.timeout(LIMIT_MS) })
  }

  /** A bare stream to a node, for bytes that no honest peer sends. */
  async openRaw(node: AskedNode, protocol: 'feed' | 'content' | 'search'): Promise<Stream> {
    return await this.libp2p.dialProtocol(multiaddr(node.address), `/hanse/${NET}/${protocol}/1`)
  }

  /** Resolves once no connection to the node is left. */
  async dropped(node: AskedNode): Promise<void> {
    const isConnected = () =>
      this.libp2p.getConnections().some(({ remotePeer }) => remotePeer.toString() === node.ready.peerId)
    const signal = AbortSignal.timeout(LIMIT_MS)
    while (isConnected()) await once(this.libp2p, 'connection:close', { signal })
  }

  async heads(node: AskedNode, publisher: PublisherId): Promise<FeedHead[]> {
    const parts = await this.ask(node, FEED, encodeFeedRequest({ ask: 'heads', publishers: [publisher] }))
    return parts.flatMap(part => parseHeads(part) ?? [])
  }

  /** Heads as they change, for as long as the loop runs. */
  async *changedHeads(node: AskedNode, publisher: PublisherId, signal: AbortSignal): AsyncGenerator<FeedHead> {
    const payload = encodeFeedRequest({ ask: 'subscribe', publishers: [publisher] })
    const options = { signal, creditBytes: 64 * 1024, firstByteMs: 0, minBytesPerSecond: 0 }
    for await (const part of this.streams.request(peerOf(node), FEED, payload, options)) yield* parseHeads(part) ?? []
  }

  /** The whole chain up to `to`, every signature verified. */
  async chain(node: AskedNode, publisher: PublisherId, feed: FeedId, to: RecordId): Promise<WellFormedRecord[]> {
    const records: WellFormedRecord[] = []
    for (;;) {
      const ask = { ask: 'range', publisher, feed, from: records.length + 1, to } as const
      const parts = await this.ask(node, FEED, encodeFeedRequest(ask))
      const envelopes = parts.flatMap(part => parseRange(part) ?? [])
      records.push(...envelopes.map(envelope => parseRecord(envelope, { net: NET })))
      if (envelopes.length === 0 || records.at(-1)?.id === to) return records
    }
  }

  /** Bytes of an artifact, or the code that the request ended with. */
  async artifact(node: AskedNode, root: BlockId): Promise<number | string> {
    const payload = encodeContentRequest({ ask: 'artifact', root, from: 0, count: 1024 })
    return await this.ask(node, CONTENT, payload).then(
      parts => parts.reduce((sum, part) => sum + part.byteLength, 0),
      (error: { code: string }) => error.code,
    )
  }

  /** Whether each block was sent. */
  async blocks(node: AskedNode, cids: readonly BlockId[]): Promise<boolean[]> {
    const answers = await this.ask(node, CONTENT, encodeContentRequest({ ask: 'blocks', cids: [...cids] }))
    return answers.map(answer => parseBlockAnswer(answer) instanceof Uint8Array)
  }

  async search(node: AskedNode, query: string): Promise<SearchHit[]> {
    const parts = await this.ask(node, SEARCH, encodeSearchRequest({ query, k: 20, deadlineMs: 2_000 }))
    return parts.flatMap(part => parseSearchHits(part).hits)
  }

  /** Peers that the DHT names for an id. */
  async providers(id: BlockId | PublisherId): Promise<string[]> {
    const found: string[] = []
    const signal = AbortSignal.timeout(LIMIT_MS)
    for await (const provider of this.libp2p.contentRouting.findProviders(CID.parse(id), { signal }))
      found.push(provider.id.toString())
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.streams[Symbol.asyncDispose]()
    await this.libp2p.stop()
  }

  /** The messages of an answer. */
  async ask(node: AskedNode, protocol: string, payload: Uint8Array): Promise<Uint8Array[]> {
    const parts: Uint8Array[] = []
    const signal = AbortSignal.timeout(LIMIT_MS)
    for await (const part of this.streams.request(peerOf(node), protocol, payload, { signal })) parts.push(part)
    return parts
  }
}

const peerOf = (node: AskedNode) => node.ready.peerId as PeerId

async function plainLibp2p(options: Libp2pOptions<NetworkServices>): Promise<Network> {
  return (await createLibp2p(options)) as Network
}
