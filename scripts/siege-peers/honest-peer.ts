import { multiaddr } from '@multiformats/multiaddr'
import { KeptStreams } from '../../src/federation/index.ts'
import { openStreamOver } from '../../src/node/network/stream-port.ts'
import { encodeFeedRequest, type PeerId, type PublisherId } from '../../src/protocol/index.ts'
import { NET, startBarePeer } from './bare-peer.ts'
import type { Target } from './floods.ts'

const EACH_MS = 25

/** Times of an honest client and an honest peer, ms. */
export interface HonestTimes {
  readonly http: readonly number[]
  readonly feed: readonly number[]
  readonly failed: number
}

/** Asks the node over HTTP and over the feed protocol, one after the other, for a while. */
export async function honestTimes(target: Target & { readonly http: string }, ms: number): Promise<HonestTimes> {
  const peer = await startBarePeer()
  await using streams = new KeptStreams({ openStream: openStreamOver(() => peer), onOffence: () => {} })
  const id = target.address.split('/p2p/').at(-1) as PeerId
  const payload = encodeFeedRequest({ ask: 'heads', publishers: [target.publisher as PublisherId] })
  const times = { http: [] as number[], feed: [] as number[], failed: 0 }
  const timed = async (into: number[], work: () => Promise<unknown>) => {
    const began = performance.now()
    try {
      await work()
      into.push(performance.now() - began)
    } catch {
      times.failed++
    }
  }
  const url = new URL('/api/complete?q=npm&limit=5', target.http)
  const end = performance.now() + ms
  while (performance.now() < end) {
    await timed(times.http, async () => {
      const response = await fetch(url, { signal: AbortSignal.timeout(5_000) })
      await response.arrayBuffer()
      if (!response.ok) throw new Error(String(response.status))
    })
    await timed(times.feed, async () => {
      await peer.dial(multiaddr(target.address), { signal: AbortSignal.timeout(5_000) })
      const signal = AbortSignal.timeout(5_000)
      for await (const _ of streams.request(id, `/hanse/${NET}/feed/1`, payload, { signal }));
    })
    await new Promise(resolve => setTimeout(resolve, EACH_MS))
  }
  await peer.stop()
  return times
}
