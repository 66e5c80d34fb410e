import { createLibp2p } from 'libp2p'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answerSearches } from '../../../src/federation/search/answer-searches.ts'
import { type AskPeersPorts, askPeers } from '../../../src/federation/search/ask-peers.ts'
import { SearchMemory } from '../../../src/federation/search/search-memory.ts'
import { verifyHit } from '../../../src/federation/search/verify-hit.ts'
import type { RequestHandler } from '../../../src/federation/streams/answering-stream.ts'
import { systemClock } from '../../../src/federation/streams/clock.ts'
import { KeptStreams } from '../../../src/federation/streams/kept-streams.ts'
import { libp2pOptionsOf, type Network } from '../../../src/node/network/network.ts'
import { acceptStreams, openStreamOver } from '../../../src/node/network/stream-port.ts'
import { encodeSearchHits, heldTagOf, type PeerId, type SearchHit } from '../../../src/protocol/index.ts'
import { goodHit, NET } from './signed-hits.ts'

const PROTOCOL = `/hanse/${NET}/search/1`
const DEADLINE_MS = 5_000
const good = Array.from({ length: 6 }, (_, i) => goodHit(1 + i * 3, `pkg:npm/pad-${i}@1.0.0`))
const forged = good.map((hit): SearchHit => ({ ...hit, purl: 'pkg:npm/lodash@1.0.0' as SearchHit['purl'] }))
const offences: PeerId[] = []
const open = new AsyncDisposableStack()
let asker: Peer

interface Peer {
  readonly id: PeerId
  readonly libp2p: Network
  readonly streams: KeptStreams
}

/** A peer on a real TCP connection to the asker. */
async function peerWith(seed: number, handler: RequestHandler | null): Promise<Peer> {
  const place = { listen: ['/ip4/127.0.0.1/tcp/0'], announce: [], mdns: false, topics: [] }
  const options = { net: NET, nodeSeed: new Uint8Array(32).fill(seed), mode: 'public' as const, ...place }
  const libp2p = (await createLibp2p(libp2pOptionsOf(options))) as Network
  const streams = new KeptStreams({ openStream: openStreamOver(() => libp2p), onOffence: peer => offences.push(peer) })
  open.defer(async () => {
    await streams[Symbol.asyncDispose]()
    await libp2p.stop()
  })
  if (handler !== null) {
    streams.handle(PROTOCOL, handler)
    await acceptStreams(libp2p, [PROTOCOL], streams)
    await asker.libp2p.dial(libp2p.getMultiaddrs())
  }
  return { id: libp2p.peerId.toString() as PeerId, libp2p, streams }
}

const honest = (hits: readonly SearchHit[]): RequestHandler => {
  const held = () => hits.map(({ publisher }) => heldTagOf(publisher))
  return answerSearches({ searchPublic: () => hits, held, clock: systemClock })
}
const forges: RequestHandler = async function* () {
  yield encodeSearchHits({ hits: forged })
}
const floods: RequestHandler = async function* ({ signal }) {
  while (!signal.aborted) yield encodeSearchHits({ hits: [good[0]!] })
}
const stalls: RequestHandler = async function* ({ signal }) {
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => resolve())
  await promise
}

beforeAll(async () => {
  asker = await peerWith(1, null)
})
afterAll(() => open.disposeAsync())

describe('a search over libp2p with three honest peers and three hostile ones', () => {
  it('shows all that the honest ones hold, waits for nobody who stalled before, and drops the one that forges', async () => {
    const holders = [good.slice(0, 2), good.slice(2, 4), good.slice(4)]
    const honestPeers = await Promise.all(holders.map((hits, i) => peerWith(2 + i, honest(hits))))
    const [stalling, flooding, forging] = await Promise.all([stalls, floods, forges].map((h, i) => peerWith(9 + i, h)))
    const memory = new SearchMemory(NET)
    // Known to be slow, so that a busy computer cuts none of them off; the deadline is the longest there is.
    for (const { id } of [...honestPeers, flooding!]) memory.peers.answered(id, DEADLINE_MS)
    memory.peers.stalled(stalling!.id)
    const ports: AskPeersPorts = {
      request: (peer, protocol, payload, options) => asker.streams.request(peer, protocol, payload, options),
      verify: hit => verifyHit(hit, memory.records),
      known: memory.peers,
      protocol: PROTOCOL,
      clock: systemClock,
      onOffence: (peer, code) => asker.streams.reportOffence(peer, code),
    }
    const peers = [stalling!, flooding!, forging!, ...honestPeers].map(({ id }) => id)
    const answer = await askPeers(ports, { text: 'pad', peers, k: 10, deadlineMs: DEADLINE_MS })
    expect(answer.hits.map(({ purl }) => purl).toSorted()).toEqual(good.map(({ purl }) => purl))
    expect(answer.peers).toEqual({ asked: 6, answered: 4, partial: true })
    expect(offences).toEqual([forging!.id])
    for (const [i, { id }] of honestPeers.entries())
      expect(memory.peers.candidate(id).claimed).toEqual(new Set(holders[i]!.map(each => heldTagOf(each.publisher))))
  })
})
