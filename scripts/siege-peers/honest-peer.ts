import { multiaddr } from '@multiformats/multiaddr'
import { KeptStreams } from '../../src/federation/index.ts'
import { openStreamOver } from '../../src/node/network/stream-port.ts'
import { encodeFeedRequest, type PeerId } from '../../src/protocol/index.ts'
import { NET, startBarePeer } from './bare-peer.ts'
import type { Target } from './floods.ts'

/** Time between two questions of a kind, ms: 3,000 a minute, so that thirty of them lie above the 99th percentile. */
const EACH_MS = 20
const GIVE_UP_MS = 5_000

/** Times of an honest client and an honest peer, ms. */
export interface HonestTimes {
  readonly http: readonly number[]
  readonly feed: readonly number[]
  readonly failed: number
}

/**
 * Asks the node over HTTP and over the feed protocol for a while, at a steady pace: a question does not wait for the answer to the
 * one before, so that each that would have waited counts while the node is busy.
 */
export async function honestTimes(target: Target & { readonly http: string }, ms: number): Promise<HonestTimes> {
  const peer = await startBarePeer()
  await using streams = new KeptStreams({ openStream: openStreamOver(() => peer), onOffence: () => {} })
  await peer.dial(multiaddr(target.address), { signal: AbortSignal.timeout(GIVE_UP_MS) })
  const id = target.address.split('/p2p/').at(-1) as PeerId
  const payload = encodeFeedRequest({ ask: 'heads', publishers: [target.held.publisher] })
  const url = new URL('/api/complete?q=ba&limit=5', target.http)
  const http = paced(ms, async signal => {
    const response = await fetch(url, { signal })
    if ((await response.text()).length === 0 || !response.ok) throw new Error(String(response.status))
  })
  const feed = paced(ms, async signal => {
    let parts = 0
    for await (const _ of streams.request(id, `/hanse/${NET}/feed/1`, payload, { signal })) parts++
    if (parts === 0) throw new Error('no heads')
  })
  const [asked, exchanged] = await Promise.all([http, feed])
  await peer.stop()
  return { http: asked.times, feed: exchanged.times, failed: asked.failed + exchanged.failed }
}

/** Does the work again and again, whether or not it is done, and counts what failed as waited for to the end. */
async function paced(ms: number, work: (signal: AbortSignal) => Promise<void>) {
  const times: number[] = []
  const running: Promise<void>[] = []
  let failed = 0
  const end = performance.now() + ms
  for (let due = performance.now(); due < end; due += EACH_MS) {
    const early = due - performance.now()
    if (early > 0) await new Promise(resolve => setTimeout(resolve, early))
    const began = performance.now()
    const done = () => void times.push(performance.now() - began)
    const fail = () => void failed++
    running.push(work(AbortSignal.timeout(GIVE_UP_MS)).catch(fail).finally(done))
  }
  await Promise.all(running)
  return { times, failed }
}
