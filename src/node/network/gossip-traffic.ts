import { type GossipSub, type GossipSubComponents, type GossipsubOpts, gossipsub } from '@libp2p/gossipsub'
import type { GossipTraffic } from '../../federation/index.ts'
import type { PeerId } from '../../protocol/index.ts'

interface Bytes {
  subarray(): Uint8Array
}
interface Rpc {
  readonly subscriptions?: readonly { readonly topic?: string }[]
  readonly messages?: readonly { readonly topic: string }[]
}
type Peer = { toString(): string }
/** The steps of gossipsub that its interface does not show; `gossip-traffic.test.ts` fails when a version goes other ways. */
interface Steps {
  pipePeerReadStream(peer: Peer, source: AsyncIterable<Bytes>): Promise<void>
  decodeRpc(bytes: Uint8Array): Rpc
  handleReceivedRpc(peer: Peer, rpc: Rpc): Promise<void>
  acceptFrom(peer: string): boolean
  handlePeerReadStreamError(error: Error, peer: Peer): void
  onPeerDisconnected(peer: Peer): void
}

const TOO_LONG: ReadonlySet<string> = new Set([
  'InvalidMessageLengthError',
  'InvalidDataLengthError',
  'InvalidDataLengthLengthError',
])

/** Who is told of the traffic of which instance, once there is somebody. */
const listeners = new WeakMap<GossipSub, GossipTraffic>()

/** From now on `traffic` decides what this instance decodes. */
export function listenToTraffic(pubsub: GossipSub, traffic: GossipTraffic): void {
  listeners.set(pubsub, traffic)
}

/**
 * Gossipsub reads and decodes whatever a peer sends, as much as it sends, and charges nobody for what is no message of it. This
 * stands in its way: over budget nothing is decoded, and what cannot be decoded, names foreign topics or comes in spite of the
 * graylist is told. `change` is made to each instance before it runs.
 */
export function watchedGossipsub(
  options: Partial<GossipsubOpts>,
  topics: readonly string[],
  change: (pubsub: GossipSub) => void = () => {},
): (components: GossipSubComponents) => GossipSub {
  return components => {
    const pubsub = gossipsub(options)(components)
    watch(pubsub, topics)
    change(pubsub)
    return pubsub
  }
}

function watch(pubsub: GossipSub, topics: readonly string[]): void {
  const traffic = () => listeners.get(pubsub)
  const steps = pubsub as unknown as Steps
  const known = new Set(topics)
  const broken = new WeakSet<Uint8Array>()
  const before = {
    pipe: steps.pipePeerReadStream.bind(pubsub),
    decode: steps.decodeRpc.bind(pubsub),
    handle: steps.handleReceivedRpc.bind(pubsub),
    accept: steps.acceptFrom.bind(pubsub),
    fail: steps.handlePeerReadStreamError.bind(pubsub),
    leave: steps.onPeerDisconnected.bind(pubsub),
  }
  steps.pipePeerReadStream = (peer, source) => before.pipe(peer, admitted(peer.toString() as PeerId, source))
  steps.decodeRpc = bytes => {
    try {
      return before.decode(bytes)
    } catch (error) {
      broken.add(bytes)
      throw error
    }
  }
  steps.acceptFrom = peer => {
    const isAccepted = before.accept(peer)
    if (!isAccepted) traffic()?.fault(peer as PeerId, 'though graylisted')
    return isAccepted
  }
  steps.handleReceivedRpc = async (peer, rpc) => {
    const id = peer.toString() as PeerId
    const foreign = rpc.subscriptions?.filter(({ topic = '' }) => !known.has(topic)).length ?? 0
    if (foreign > 0) traffic()?.foreignTopics(id, foreign)
    if (rpc.messages?.some(({ topic }) => !known.has(topic))) traffic()?.fault(id, 'foreign topic')
    await before.handle(peer, rpc)
  }
  steps.handlePeerReadStreamError = (error, peer) => {
    if (TOO_LONG.has(error.name)) traffic()?.fault(peer.toString() as PeerId, 'too long')
    before.fail(error, peer)
  }
  steps.onPeerDisconnected = peer => {
    traffic()?.left(peer.toString() as PeerId)
    before.leave(peer)
  }

  /** What may be decoded of a stream; gossipsub has decoded one message when it asks for the next. */
  async function* admitted(peer: PeerId, source: AsyncIterable<Bytes>): AsyncGenerator<Bytes> {
    for await (const chunk of source) {
      const bytes = chunk.subarray()
      if (traffic()?.mayDecode(peer, bytes.length) === false) continue
      yield { subarray: () => bytes }
      if (broken.has(bytes)) traffic()?.fault(peer, 'not decodable')
    }
  }
}
