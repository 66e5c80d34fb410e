import { randomBytes } from 'node:crypto'
import { multiaddr } from '@multiformats/multiaddr'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { KeptStreams } from '../../src/federation/index.ts'
import type { Network } from '../../src/node/network/network.ts'
import { openStreamOver } from '../../src/node/network/stream-port.ts'
import {
  type BlockId,
  encodeContentRequest,
  encodeFeedRequest,
  type FeedHead,
  type PeerId,
} from '../../src/protocol/index.ts'
import { NET } from './bare-peer.ts'
import { DeafLine } from './deaf-line.ts'
import { drippingHead, endlessHandshake, endlessWebSocket, rawSockets } from './raw-sockets.ts'
import { badSignature, framed, goodAnnouncement, saying, send, subscribing, wanting } from './spoken.ts'
import { endlessFrame, unreadPings } from './yamux-floods.ts'

/** What a flood knows of its victim. */
export interface Target {
  readonly address: string
  readonly webSocket: string
  /** The last record of a feed that it holds. */
  readonly held: Pick<FeedHead, 'publisher' | 'feed' | 'id'>
}

/** One flood over one connection; counts each message and throws when it was cut off. */
export type Flood = (
  peer: Network,
  target: Target,
  count: (messages?: number) => void,
  signal: AbortSignal,
) => Promise<void>

const GOSSIP = '/meshsub/1.1.0'
const TICK_MS = 10
const tick = () => new Promise(resolve => setTimeout(resolve, TICK_MS))

/** So many gossip messages a second. */
const gossip =
  (perSecond: number, message: () => Uint8Array): Flood =>
  async (peer, { address }, count, signal) => {
    const connection = await peer.dial(multiaddr(address), { signal: AbortSignal.timeout(5_000) })
    const stream = await connection.newStream(GOSSIP)
    while (!signal.aborted) {
      for (let i = 0; i < (perSecond * TICK_MS) / 1_000; i++) {
        await send(stream, message())
        count()
      }
      await tick()
    }
  }

const replayed = saying(goodAnnouncement())

export const FLOODS: Readonly<Record<string, Flood>> = {
  'bad signatures': gossip(5_000, () => saying(badSignature())),
  'no announcements': gossip(5_000, () => saying(randomBytes(300))),
  'no gossip at all': gossip(5_000, () => framed(randomBytes(300))),
  replays: gossip(5_000, () => replayed),
  'a million topics': gossip(1_000, () => subscribing(500)),
  'half-open sockets': rawSockets(
    ({ address }) => address,
    () => {},
  ),
  'half-open, and they send': rawSockets(({ address }) => address, endlessHandshake),
  'WebSockets, no handshake': rawSockets(({ webSocket }) => webSocket, endlessWebSocket),
  'HTTP heads by drips': rawSockets(({ webSocket }) => webSocket, drippingHead),
  'a frame of 4 GiB': endlessFrame,
  'pings never read': unreadPings,
  'bitswap want-lists': async (peer, { address }, count, signal) => {
    const connection = await peer.dial(multiaddr(address), { signal: AbortSignal.timeout(5_000) })
    const list = wanting(5_000)
    while (!signal.aborted) {
      const stream = await connection.newStream('/ipfs/bitswap/1.2.0')
      for (let i = 0; i < 200; i++) {
        await send(stream, list)
        count()
      }
      await tick()
    }
  },
  'content of a million CIDs': async (peer, { address }, count, signal) => {
    await peer.dial(multiaddr(address), { signal: AbortSignal.timeout(5_000) })
    const payload = () => encodeContentRequest({ ask: 'blocks', cids: Array.from({ length: 16 }, nobodysBlock) })
    await askAll(peer, address, `/hanse/${NET}/content/1`, payload, true, count, signal)
  },
  'heads, over and over': async (peer, { address, held }, count, signal) => {
    await peer.dial(multiaddr(address), { signal: AbortSignal.timeout(5_000) })
    const payload = () => encodeFeedRequest({ ask: 'heads', publishers: Array(256).fill(held.publisher) })
    await askAll(peer, address, `/hanse/${NET}/feed/1`, payload, true, count, signal)
  },
  'credit never given back': async (peer, { address, held }, count, signal) => {
    await peer.dial(multiaddr(address), { signal: AbortSignal.timeout(5_000) })
    const payload = () => wholeFeed(held)
    await askAll(peer, address, `/hanse/${NET}/feed/1`, payload, false, count, signal)
  },
  'subscriptions never read': async (peer, { address, held }, count, signal) => {
    await peer.dial(multiaddr(address), { signal: AbortSignal.timeout(5_000) })
    const payload = () => encodeFeedRequest({ ask: 'subscribe', publishers: [held.publisher] })
    await askAll(peer, address, `/hanse/${NET}/feed/1`, payload, false, count, signal)
  },
  'a socket never read': async (peer, { address, held }, count, signal) => {
    await using line = await DeafLine.to(address)
    const connection = await peer.dial(multiaddr(line.address), { signal: AbortSignal.timeout(5_000) })
    const id = address.split('/p2p/').at(-1) as PeerId
    const payload = wholeFeed(held)
    await using streams = new KeptStreams({ openStream: openStreamOver(() => peer), onOffence: () => {} })
    const ask = () => streams.request(id, `/hanse/${NET}/feed/1`, payload, { firstByteMs: 1_000, signal })
    for await (const _ of ask()) count()
    line.stopHearing()
    while (!signal.aborted && connection.status === 'open') {
      count()
      await ask()
        .next()
        .catch(() => tick())
    }
    throw new Error('closed')
  },
}

/** A request for as much of a feed as one answer takes. */
const wholeFeed = ({ publisher, feed, id }: Target['held']) =>
  encodeFeedRequest({ ask: 'range', publisher, feed, from: 1, to: id })

const nobodysBlock = () => CID.createV1(0x55, create(0x12, randomBytes(32))).toString() as BlockId

/** 64 requests at once, over and over; what is not read is left where it is. */
async function askAll(
  peer: Network,
  address: string,
  protocol: string,
  payload: () => Uint8Array,
  reads: boolean,
  count: () => void,
  signal: AbortSignal,
): Promise<void> {
  await using streams = new KeptStreams({ openStream: openStreamOver(() => peer), onOffence: () => {} })
  const id = address.split('/p2p/').at(-1) as PeerId
  const ask = async () => {
    while (!signal.aborted && peer.getConnections().length > 0) {
      const answer = streams.request(id, protocol, payload(), { signal })[Symbol.asyncIterator]()
      count()
      try {
        await answer.next()
        if (!reads) await ended(signal)
        while (!(await answer.next()).done);
      } catch {
        await tick()
      }
    }
  }
  await Promise.all(Array.from({ length: 64 }, ask))
  if (!signal.aborted) throw new Error('closed')
}

const ended = (signal: AbortSignal) =>
  new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
