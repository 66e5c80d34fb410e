import { withBitswap } from '@helia/bitswap'
import { withLibp2pLight } from '@helia/libp2p'
import { multiaddr } from '@multiformats/multiaddr'
import { createHeliaLight, type Helia } from 'helia'
import { CID } from 'multiformats/cid'
import type { Network } from '../../src/node/network/network.ts'
import { acceptStreams } from '../../src/node/network/stream-port.ts'
import {
  type BlockId,
  encodeFeedRequest,
  encodeNodesRequest,
  type FeedId,
  type FeedRequest,
  type PublisherId,
  type RecordId,
} from '../../src/protocol/index.ts'
import { type AskedNode, TestPeer } from '../../test/e2e/test-peer.ts'
import { EMPTY_ANSWERS } from './empty-answers.ts'
import type { Found, Needles } from './needles.ts'
import { type TappedStream, tappedMuxer } from './tapped-muxer.ts'
import { TcpRecorder } from './tcp-recorder.ts'

/** How long bitswap is waited for, ms: it does not say that nobody has a block. */
const BITSWAP_MS = 300

/** Records of a feed that a stranger reads each time. */
const NEWEST = 64

/** What an asker knows of a thing that it is not to hear of. */
export interface Secret {
  readonly publisher: PublisherId
  readonly feed: FeedId
  readonly name: string
  readonly word: string
  readonly cid: BlockId
  readonly record: RecordId
}

/** A peer that speaks every protocol of a node, and bitswap, and keeps every byte it receives. */
export class RecordingPeer implements AsyncDisposable {
  readonly peer: TestPeer
  readonly #helia: Helia
  readonly #streams: readonly TappedStream[]
  readonly #wires = new Map<string, TcpRecorder>()

  private constructor(peer: TestPeer, helia: Helia, streams: readonly TappedStream[]) {
    this.peer = peer
    this.#helia = helia
    this.#streams = streams
  }

  /** `shuns`: peers that it neither dials nor lets in, so that what one asks for is not what another hears. */
  static async start(shuns: (peer: string) => boolean = () => false): Promise<RecordingPeer> {
    const streams: TappedStream[] = []
    let helia: Helia | null = null
    const peer = await TestPeer.start({
      create: async options => {
        const connectionGater = {
          denyDialPeer: (id: { toString(): string }) => shuns(id.toString()),
          denyInboundEncryptedConnection: (id: { toString(): string }) => shuns(id.toString()),
        }
        const muxers = (options.streamMuxers ?? []).map(make => tappedMuxer(make, stream => streams.push(stream)))
        const light = withBitswap(
          withLibp2pLight(createHeliaLight(), { ...options, streamMuxers: muxers, connectionGater }),
        )
        await light.start()
        helia = light as unknown as Helia
        return light.libp2p as unknown as Network
      },
    })
    for (const [protocol, answer] of Object.entries(EMPTY_ANSWERS)) peer.streams.handle(protocol, answer)
    await acceptStreams(peer.libp2p, ['/hanse/main/search/1', '/hanse/main/peers/1'], peer.streams)
    return new RecordingPeer(peer, helia!, streams)
  }

  /** Connects through a recorder of the wire, and hears of what changes at a publisher. */
  async connect(node: AskedNode, publisher: PublisherId): Promise<void> {
    const { host, port } = hostOf(node.address)
    const wire = this.#wires.get(node.address) ?? (await TcpRecorder.start({ host, port, peerId: node.ready.peerId }))
    this.#wires.set(node.address, wire)
    await this.peer.libp2p.dial(multiaddr(wire.address), { signal: AbortSignal.timeout(20_000) })
    void this.#listen(node, publisher)
  }

  async #listen(node: AskedNode, publisher: PublisherId): Promise<void> {
    try {
      for await (const _ of this.peer.changedHeads(node, publisher, AbortSignal.timeout(3_600_000)));
    } catch {
      // The node was stopped: it is connected anew.
    }
  }

  /** What any stranger may ask: by the publisher alone. */
  async browse(node: AskedNode, publisher: PublisherId): Promise<void> {
    const feed = '/hanse/main/feed/1'
    const asks: readonly FeedRequest[] = [
      { ask: 'heads-since', publishers: [publisher], all: true, since: null },
      { ask: 'publishers', after: null },
    ]
    for (const ask of asks) await this.peer.ask(node, feed, encodeFeedRequest(ask))
    await this.peer.ask(
      node,
      '/hanse/main/peers/1',
      encodeNodesRequest({ ask: 'nodes', count: 64, mirrors: [publisher] }),
    )
    for (const { feed: id, seq, id: to } of await this.peer.heads(node, publisher)) {
      const from = Math.max(1, seq - NEWEST)
      await this.peer.ask(node, feed, encodeFeedRequest({ ask: 'range', publisher, feed: id, from, to }))
    }
  }

  /** Everything there is to ask about a secret by its true ids; the answers, to compare with those about what does not exist. */
  async probe(node: AskedNode, { publisher, feed, name, word, cid, record }: Secret): Promise<string> {
    const { peer } = this
    const answers = await Promise.all([
      peer.chain(node, publisher, feed, record).then(records => records.length),
      peer.artifact(node, cid),
      peer.blocks(node, [cid, record as string as BlockId]),
      peer.search(node, name).then(hits => hits.filter(({ purl }) => purl.includes(name)).length),
      peer.search(node, word).then(hits => hits.filter(({ purl }) => purl.includes(name)).length),
    ])
    return JSON.stringify(answers)
  }

  /** Asks the DHT and bitswap, which say in their answers what was asked for. */
  async probeEchoing(cid: BlockId): Promise<string> {
    const [providers, bytes] = await Promise.all([
      this.peer.providers(cid),
      collected(this.#helia.blockstore.get(CID.parse(cid), { signal: AbortSignal.timeout(BITSWAP_MS) })),
    ])
    return JSON.stringify([providers, bytes])
  }

  /** Bytes received, on streams and on the wire. */
  received(): { readonly plain: number; readonly wire: number; readonly protocols: readonly string[] } {
    const sum = (chunks: readonly Uint8Array[]) => chunks.reduce((all, { length }) => all + length, 0)
    const plain = this.#streams.reduce((all, { chunks }) => all + sum(chunks), 0)
    const wire = [...this.#wires.values()].reduce((all, { chunks }) => all + sum(chunks), 0)
    return { plain, wire, protocols: [...new Set(this.#streams.map(stream => stream.protocol()))].sort() }
  }

  /** Where needles are in what was received, on streams of the protocols that count. */
  find(needles: Needles, counts: (protocol: string) => boolean = () => true): Found[] {
    const streams = this.#streams.filter(stream => counts(stream.protocol()))
    const plain = streams.flatMap(stream => needles.findIn(stream.protocol(), Buffer.concat(stream.chunks)))
    const wires = [...this.#wires.values()].flatMap(({ chunks }) => needles.findIn('wire', Buffer.concat(chunks)))
    return [...plain, ...wires]
  }

  isConnectedTo(node: AskedNode): boolean {
    return this.peer.libp2p.getPeers().some(peer => peer.toString() === node.ready.peerId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer[Symbol.asyncDispose]()
    await this.#helia.stop()
    for (const wire of this.#wires.values()) await wire[Symbol.asyncDispose]()
  }
}

/** `blocks` of bitswap come whole or, where nobody has them, not at all. */
async function collected(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<number> {
  let bytes = 0
  try {
    for await (const chunk of chunks) bytes += chunk.length
  } catch {
    return 0
  }
  return bytes
}

function hostOf(address: string): { readonly host: string; readonly port: number } {
  const [, , host = '', , port = ''] = address.split('/')
  return { host, port: Number(port) }
}
