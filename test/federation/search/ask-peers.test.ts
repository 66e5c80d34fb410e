import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { answerSearches } from '../../../src/federation/search/answer-searches.ts'
import { type AskPeersPorts, askPeers } from '../../../src/federation/search/ask-peers.ts'
import { KnownPeers } from '../../../src/federation/search/known-peers.ts'
import {
  FOUND_PATIENCE_MS,
  MAX_FIRST_PEERS,
  MAX_PEER_HITS,
  MIN_PATIENCE_MS,
} from '../../../src/federation/search/limits.ts'
import { VerifiedRecords } from '../../../src/federation/search/verified-records.ts'
import { type VerifiedHit, verifyHit } from '../../../src/federation/search/verify-hit.ts'
import {
  encodeSearchHits,
  encodeSearchRequest,
  heldTagOf,
  type PeerId,
  parseSearchHits,
  parseSearchRequest,
  type SearchHit,
} from '../../../src/protocol/index.ts'
import { HandClock } from './hand-clock.ts'
import { goodHit, NET } from './signed-hits.ts'

const peer = (name: string): PeerId => `12D3KooW${name.padEnd(44, 'x')}` as PeerId
const message = (...hits: SearchHit[]): Uint8Array => encodeSearchHits({ hits })
type Behaviour = (signal: AbortSignal) => AsyncIterable<Uint8Array>

const sends = (...messages: Uint8Array[]): Behaviour =>
  async function* () {
    yield* messages
  }

/** Sends, then ends once everything sent has been taken in. */
const ends = (ended: () => void, ...messages: Uint8Array[]): Behaviour =>
  async function* () {
    yield* messages
    ended()
  }

/** Sends, then neither goes on nor notices that it was cancelled. */
const stalls = (stalled: () => void, ...messages: Uint8Array[]): Behaviour =>
  async function* () {
    yield* messages
    stalled()
    await new Promise<void>(() => {})
  }

function network(behaviours: Record<string, Behaviour>) {
  const offences: string[] = []
  const clock = new HandClock()
  const byPeer = new Map(Object.entries(behaviours).map(([name, behaviour]) => [peer(name), behaviour]))
  const ports: AskPeersPorts = {
    protocol: `/hanse/${NET}/search/1`,
    clock,
    request: (to, _protocol, _payload, { signal }) => byPeer.get(to)!(signal),
    verify: hit => verifyHit(hit, new VerifiedRecords(NET)),
    known: new KnownPeers(),
    onOffence: (_peer, code) => offences.push(code),
  }
  return { ports, clock, offences, peers: [...byPeer.keys()] }
}

const good = goodHit(1, 'pkg:npm/left-pad@1.0.0')
const forged: SearchHit = { ...good, purl: 'pkg:npm/lodash@1.0.0' as SearchHit['purl'] }

describe('asking peers', () => {
  it('answers with what honest peers know and how many answered, each package once', async () => {
    const other = goodHit(5, 'pkg:npm/right-pad@1.0.0')
    const { ports, peers, clock, offences } = network({
      A: sends(message(good)),
      B: sends(message(good), message(other)),
    })
    const { hits, peers: counts } = await askPeers(ports, { text: 'pad', peers, k: 10 })
    expect(hits.map(hit => hit.purl).sort()).toEqual([good.purl, other.purl])
    expect(hits.find(hit => hit.purl === good.purl)?.from).toHaveLength(2)
    expect(counts).toEqual({ asked: 2, answered: 2, partial: false })
    expect(offences).toEqual([])
    expect(clock.timers).toBe(0)
  })

  it('ends at the deadline with partial hits when a peer stalls', async () => {
    const [ended, stalled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { ports, peers, clock } = network({
      A: ends(ended.resolve, message(good)),
      B: stalls(stalled.resolve, message(good)),
    })
    const answer = askPeers(ports, { text: 'pad', peers, k: 10, deadlineMs: 300 })
    await Promise.all([ended.promise, stalled.promise])
    // What follows the end of A's answer is done in microtasks.
    await setImmediate()
    clock.pass(300)
    expect(await answer).toMatchObject({ hits: [{ purl: good.purl }], peers: { asked: 2, answered: 1, partial: true } })
  })

  it('ends when the caller gives up', async () => {
    const stop = new AbortController()
    const stalled = Promise.withResolvers<void>()
    const { ports, peers } = network({ A: stalls(stalled.resolve) })
    const answer = askPeers(ports, { text: 'pad', peers, k: 10 }, { signal: stop.signal })
    await stalled.promise
    stop.abort()
    expect(await answer).toEqual({ hits: [], peers: { asked: 1, answered: 0, partial: true } })
    const never = await askPeers(ports, { text: 'pad', peers, k: 10 }, { signal: AbortSignal.abort() })
    expect(never.peers.answered).toBe(0)
  })

  it('drops forged hits, reports their sender once and does not count it', async () => {
    const { ports, peers, offences } = network({
      A: sends(message(forged, forged, forged, good)),
      B: sends(message(good)),
    })
    const { hits, peers: counts } = await askPeers(ports, { text: 'pad', peers, k: 10 })
    expect(hits.map(hit => hit.purl)).toEqual([good.purl])
    expect(hits[0]?.from).toEqual([peer('B')])
    expect(counts).toEqual({ asked: 2, answered: 1, partial: true })
    expect(offences).toEqual(['record-invalid'])
  })

  it.each([
    ['hits', message(good)],
    ['messages without hits', message()],
    ['large messages', message({ ...good, envelopes: [...good.envelopes, new Uint8Array(900_000)] })],
  ])('stops reading a flood of %s', async (_, flood) => {
    let sent = 0
    const floods: Behaviour = async function* () {
      for (;;) {
        sent++
        yield flood
      }
    }
    const { ports, peers } = network({ A: floods })
    const { hits } = await askPeers(ports, { text: 'pad', peers, k: 1000 })
    expect(hits.length).toBeLessThanOrEqual(1)
    expect(sent).toBeLessThanOrEqual(MAX_PEER_HITS)
  })

  it('takes a malformed message or a broken stream for no answer', async () => {
    const breaks: Behaviour = () => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('reset')) }),
    })
    const { ports, peers, offences } = network({ A: sends(new Uint8Array([0xff])), B: breaks })
    expect((await askPeers(ports, { text: 'pad', peers, k: 5 })).peers).toEqual({
      asked: 2,
      answered: 0,
      partial: true,
    })
    expect(offences).toEqual(['message-malformed'])
  })

  it('drops hits that were not asked for', async () => {
    const { ports, peers } = network({ A: sends(message(good)) })
    expect((await askPeers(ports, { text: 'pad', peers, k: 5, type: 'pypi' })).hits).toEqual([])
  })

  it('leaves out what is not wanted here and blames nobody for it', async () => {
    const other = goodHit(5, 'pkg:npm/right-pad@1.0.0')
    const { ports, peers, offences } = network({ A: sends(message(good, other)) })
    const accepts = ({ version, package: name }: VerifiedHit) => version === '1.0.0' && name !== 'pkg:npm/left-pad'
    const { hits, peers: counts } = await askPeers({ ...ports, accepts }, { text: 'pad', peers, k: 5 })
    expect(hits.map(hit => hit.purl)).toEqual([other.purl])
    expect([counts.answered, offences]).toEqual([1, []])
  })

  it('asks at most 16 peers, and none for an empty query', async () => {
    const behaviours = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`P${i + 10}`, sends()]))
    const { ports, peers } = network(behaviours)
    expect((await askPeers(ports, { text: 'pad', peers, k: 5 })).peers.asked).toBe(MAX_FIRST_PEERS)
    expect((await askPeers(ports, { text: '  ', peers, k: 5 })).peers.asked).toBe(0)
    for (const text of ['\ud800', 'x'.repeat(5000), '🦄'.repeat(300), '__proto__']) {
      expect((await askPeers(ports, { text, peers, k: 5 })).peers.answered).toBe(MAX_FIRST_PEERS)
    }
  })
})

describe('what a search learns', () => {
  it('is which publishers a peer says it holds, which its hits proved, and how long it took', async () => {
    const held = ['abcdefghijkl']
    const { ports, peers } = network({ A: sends(encodeSearchHits({ hits: [good], held })) })
    await askPeers(ports, { text: 'pad', peers, k: 10 })
    expect(ports.known.candidate(peers[0]!)).toMatchObject({
      claimed: new Set(held),
      proven: new Set([heldTagOf(good.publisher)]),
      usualMs: 0,
    })
  })

  it('is who stalled: it is asked again, and waited for no more until it answers', async () => {
    const [ended, stalled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { ports, peers, clock } = network({ A: ends(ended.resolve, message(good)), B: stalls(stalled.resolve) })
    const slow = askPeers(ports, { text: 'pad', peers, k: 10, deadlineMs: 300 })
    await Promise.all([ended.promise, stalled.promise])
    await setImmediate()
    clock.pass(300)
    await slow
    expect(ports.known.candidate(peer('B')).hasStalled).toBe(true)
    const quick = await askPeers(ports, { text: 'pad', peers, k: 10, deadlineMs: 300 })
    expect(quick).toMatchObject({ hits: [{ purl: good.purl }], peers: { asked: 2, answered: 1, partial: true } })
    expect(clock.now()).toBe(300)
  })

  it('does not verify what is held here, nor blame anybody for it', async () => {
    const { ports, peers, offences } = network({ A: sends(message(forged, forged, forged, good)) })
    const isHeld = ({ purl }: SearchHit) => purl === forged.purl
    const { hits } = await askPeers({ ...ports, isHeld }, { text: 'pad', peers, k: 10 })
    expect([hits.map(({ purl }) => purl), offences]).toEqual([[good.purl], []])
  })

  it('waits for a peer as usual while what is here only resembles what was asked for', async () => {
    const near = Array.from({ length: 3 }, (_, i) => goodHit(10 + i, `pkg:npm/left-pads-${i}@1.0.0`))
    const known = new KnownPeers()
    const { ports, peers, clock } = network({ A: sends(message(...near)), B: stalls(() => {}) })
    for (const each of peers) known.answered(each, 1)
    let taken = 0
    const accepts = () => {
      if (++taken === near.length) void clock.run()
      return true
    }
    const { peers: counts } = await askPeers({ ...ports, known, accepts }, { text: 'left-pad', peers, k: near.length })
    expect(counts).toEqual({ asked: 2, answered: 1, partial: true })
    expect(clock.now()).toBeGreaterThanOrEqual(MIN_PATIENCE_MS)
  })

  it('takes a message without hits for no beginning of what a peer found', async () => {
    const [ended, stalled] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { ports, peers, clock } = network({
      A: ends(ended.resolve, message(good)),
      B: stalls(stalled.resolve, encodeSearchHits({ hits: [], held: [] })),
    })
    for (const each of peers) ports.known.answered(each, 100)
    let isGiven = false
    const answer = askPeers(ports, { text: 'left-pad', peers, k: 10 }).finally(() => {
      isGiven = true
    })
    await Promise.all([ended.promise, stalled.promise])
    await setImmediate()
    clock.pass(100)
    await setImmediate()
    expect(isGiven).toBe(false)
    clock.pass(FOUND_PATIENCE_MS)
    expect((await answer).peers).toEqual({ asked: 2, answered: 1, partial: true })
  })

  it('asks each of many peers for its share', async () => {
    const asked: number[] = []
    const { ports, peers } = network(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`P${i}`, sends()])))
    const request: AskPeersPorts['request'] = (_peer, _protocol, payload) => {
      asked.push(parseSearchRequest(payload).k)
      return sends()(new AbortController().signal)
    }
    for (const k of [5, 30, 100]) await askPeers({ ...ports, request }, { text: 'pad', peers, k })
    await askPeers({ ...ports, request }, { text: 'pad', peers: peers.slice(0, 2), k: 20 })
    expect([...new Set(asked)]).toEqual([5, 6, 20])
    expect(asked.slice(-2)).toEqual([20, 20])
  })
})

describe('answering searches', () => {
  const payload = encodeSearchRequest({ query: 'pad', k: 100, deadlineMs: 300 })
  const collect = async (answer: AsyncIterable<Uint8Array>) => {
    const messages: ReturnType<typeof parseSearchHits>[] = []
    for await (const message of answer) messages.push(parseSearchHits(message))
    return messages
  }
  const asked = (name: string) => ({ peer: peer(name), payload, signal: new AbortController().signal })

  it('is what the asker understands', async () => {
    const clock = new HandClock()
    const answer = answerSearches({ searchPublic: () => [good], clock })
    const { ports } = network({})
    const request: AskPeersPorts['request'] = (to, _, bytes, { signal }) => answer({ peer: to, payload: bytes, signal })
    const { hits, peers } = await askPeers({ ...ports, request }, { text: 'pad', peers: [peer('A')], k: 5 })
    expect(hits.map(hit => hit.purl)).toEqual([good.purl])
    expect(peers.answered).toBe(1)
    expect(clock.timers).toBe(0)
  })

  it('sends at most 50 hits and one MiB', async () => {
    const clock = new HandClock()
    const many = Array.from({ length: 90 }, () => good)
    const sent = await collect(answerSearches({ searchPublic: () => many, clock })(asked('A')))
    expect(sent.flatMap(({ hits }) => hits)).toHaveLength(MAX_PEER_HITS)
    expect(sent.length).toBeLessThan(5)
    const large = { ...good, envelopes: [...good.envelopes, new Uint8Array(300_000)] }
    const fit = await collect(answerSearches({ searchPublic: () => Array(5).fill(large), clock })(asked('A')))
    expect(fit.map(({ hits }) => hits.length)).toEqual([1, 1, 1])
  })

  it('says what it holds to who asks for it, once, even without a hit', async () => {
    const answer = answerSearches({ searchPublic: () => [], held: () => ['abcdefghijkl'], clock: new HandClock() })
    const request = { query: 'pad', k: 1, deadlineMs: 300 }
    const told = { ...asked('A'), payload: encodeSearchRequest({ ...request, tellHeld: true }) }
    expect(await collect(answer(told))).toEqual([{ hits: [], held: ['abcdefghijkl'] }])
    expect(await collect(answer(asked('A')))).toEqual([])
  })

  it('ends at the deadline of the asker', async () => {
    const clock = new HandClock()
    const searchPublic = async () => {
      clock.pass(300)
      return [good]
    }
    expect(await collect(answerSearches({ searchPublic, clock })(asked('A')))).toEqual([])
  })

  it('refuses a malformed request', async () => {
    const answer = answerSearches({ searchPublic: () => [], clock: new HandClock() })
    const malformed = { ...asked('A'), payload: new Uint8Array([1]) }
    await expect(collect(answer(malformed))).rejects.toMatchObject({ code: 'E_MESSAGE' })
  })
})
