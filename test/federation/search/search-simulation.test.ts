import { describe, expect, it } from 'vitest'
import { type AskPeersPorts, askPeers, type PeerAnswer } from '../../../src/federation/search/ask-peers.ts'
import { KnownPeers } from '../../../src/federation/search/known-peers.ts'
import { MAX_EXTRAS, MAX_FIRST_PEERS, MAX_HEDGES, MAX_PEER_HITS } from '../../../src/federation/search/limits.ts'
import { VerifiedRecords } from '../../../src/federation/search/verified-records.ts'
import { verifyHit } from '../../../src/federation/search/verify-hit.ts'
import {
  encodeSearchHits,
  heldTagOf,
  type PeerId,
  parseSearchRequest,
  type SearchHit,
} from '../../../src/protocol/index.ts'
import { HandClock } from './hand-clock.ts'
import { goodHit, NET } from './signed-hits.ts'

const DEADLINE_MS = 300
const SEARCHES = 4
const SEEDS = 80
const KINDS = [
  'honest',
  'honest',
  'honest',
  'stalls',
  'late',
  'forges',
  'floods',
  'fails',
  'breaks off',
  'lies',
] as const
type Kind = (typeof KINDS)[number]

/** Real signed hits, and what becomes of each: verified once, so that time stands while the simulation looks it up. */
const good = Array.from({ length: 20 }, (_, i) => goodHit(1 + i * 3, `pkg:npm/thing-${i}@1.0.0`))
const forged = good.map((hit): SearchHit => ({ ...hit, purl: `${hit.purl}0` as SearchHit['purl'] }))
const records = new VerifiedRecords(NET)
const verdicts = new Map<string, Awaited<ReturnType<typeof verifyHit>>>()
for (const hit of [...good, ...forged]) verdicts.set(hit.purl, await verifyHit(hit, records))

function randomOf(seed: number): () => number {
  let state = seed * 2654435761 + 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

interface Peer {
  readonly kind: Kind
  readonly hits: readonly SearchHit[]
  readonly ms: number
}

/** A world of peers in which one node searches several times; what went wrong, in words. */
class Simulation {
  readonly faults: string[] = []
  readonly clock = new HandClock()
  readonly #random: () => number
  readonly #peers = new Map<PeerId, Peer>()
  readonly #known = new KnownPeers()
  /** Requests under way. */
  #open = 0
  /** Peers that sent all of an answer in this search. */
  #ended = new Set<PeerId>()
  readonly #offences = new Set<PeerId>()

  constructor(seed: number) {
    this.#random = randomOf(seed)
    const count = 1 + this.#below(40)
    for (let i = 0; i < count; i++) this.#peers.set(`P${i}` as PeerId, this.#newPeer())
  }

  async run(): Promise<void> {
    for (let i = 0; i < SEARCHES; i++) await this.#search()
    for (const peer of this.#offences)
      if (this.#peers.get(peer)?.kind !== 'forges') this.faults.push(`${peer} was blamed for nothing`)
  }

  async #search(): Promise<void> {
    const began = this.clock.now()
    this.#ended = new Set()
    let answer: PeerAnswer | null = null
    let ended: ReadonlySet<PeerId> = new Set()
    let at = 0
    const asking = askPeers(this.#ports(), {
      text: 'thing',
      peers: [...this.#peers.keys()],
      k: 50,
      deadlineMs: DEADLINE_MS,
    })
    void asking.then(given => {
      answer = given
      at = this.clock.now()
      ended = new Set(this.#ended)
    })
    await this.clock.run()
    if (answer === null) this.faults.push('no answer')
    else this.#judge(answer, ended, at - began)
    if (this.#open !== 0) this.faults.push(`${this.#open} requests are still open`)
  }

  #judge({ hits, peers }: PeerAnswer, ended: ReadonlySet<PeerId>, tookMs: number): void {
    const shown = new Set(hits.map(({ purl }) => purl))
    if (tookMs > DEADLINE_MS) this.faults.push(`answered after ${tookMs} ms`)
    if (peers.asked > MAX_FIRST_PEERS + MAX_HEDGES + MAX_EXTRAS) this.faults.push(`asked ${peers.asked}`)
    if (peers.partial !== peers.answered < peers.asked) this.faults.push('does not say that it is partial')
    if (hits.some(({ purl }) => !good.some(hit => hit.purl === purl))) this.faults.push('a forged hit was shown')
    for (const peer of ended)
      for (const { purl } of this.#peers.get(peer)!.hits)
        if (!shown.has(purl)) this.faults.push(`${purl} of ${peer} is missing though it answered in time`)
    const areHonest = [...this.#peers.values()].every(({ kind }) => kind === 'honest')
    if (areHonest && peers.partial) this.faults.push('partial though all are honest')
  }

  #ports(): AskPeersPorts {
    return {
      protocol: '/search',
      clock: this.clock,
      known: this.#known,
      request: (peer, _protocol, payload, { signal }) => this.#answer(peer, parseSearchRequest(payload).k, signal),
      verify: async hit => verdicts.get(hit.purl) ?? null,
      onOffence: peer => this.#offences.add(peer),
    }
  }

  async *#answer(peer: PeerId, k: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { kind, hits, ms } = this.#peers.get(peer)!
    this.#open++
    try {
      await this.#sleep(ms, signal)
      const held = kind === 'lies' ? good.map(({ publisher }) => heldTagOf(publisher)) : hits.map(heldOf)
      if (kind === 'fails') throw new Error('busy')
      if (kind === 'stalls') await this.#sleep(Number.POSITIVE_INFINITY, signal)
      if (kind === 'forges') yield encodeSearchHits({ hits: forged, held })
      for (let i = 0; kind === 'floods'; i++) {
        if (i > MAX_PEER_HITS) this.faults.push(`${peer} was read for ${i} messages`)
        yield encodeSearchHits({ hits: hits.slice(0, 1), held })
      }
      for (const [i, hit] of hits.entries()) {
        if (kind === 'breaks off' && i > 0) throw new Error('gone')
        yield encodeSearchHits({ hits: [hit], held })
      }
      if (!signal.aborted && kind !== 'forges') this.#ended.add(peer)
    } finally {
      this.#open--
      const isCut = kind === 'honest' && hits.length < k && !signal.aborted && !this.#ended.has(peer)
      if (isCut) this.faults.push(`${peer} was not read to its end`)
    }
  }

  #newPeer(): Peer {
    const kind = KINDS[this.#below(KINDS.length)]!
    const hits = kind === 'lies' ? [] : good.filter(() => this.#random() < 0.2)
    return { kind, hits, ms: kind === 'late' ? 250 + this.#below(200) : this.#below(60) }
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const cancel = ms === Number.POSITIVE_INFINITY ? () => {} : this.clock.after(ms, resolve)
    const stop = () => {
      cancel()
      reject(signal.reason)
    }
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    return promise
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count)
  }
}

const heldOf = ({ publisher }: SearchHit): string => heldTagOf(publisher)

describe('a simulated network of honest, slow, stalling, forging, flooding and lying peers', () => {
  it('answers by the deadline with all that was verified by then', async () => {
    const faults: string[] = []
    for (let seed = 0; seed < SEEDS; seed++) {
      const simulation = new Simulation(seed + 1)
      await simulation.run()
      faults.push(...simulation.faults.map(fault => `seed ${seed}: ${fault}`))
    }
    expect(faults).toEqual([])
  })
})
