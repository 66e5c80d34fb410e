import {
  encodeNodes,
  encodeNodesRequest,
  isOfLaterVersion,
  MAX_ASKED_MIRRORS,
  type NodeRecord,
  type PeerId,
  ProtocolError,
  type PublisherId,
  parseNodes,
  parseNodesRequest,
} from '../../protocol/index.ts'
import { BoundedMap } from '../bounded-map.ts'
import type { RequestHandler } from '../streams/answering-stream.ts'
import type { Clock } from '../streams/clock.ts'
import type { OffenceCode } from '../streams/offence.ts'
import * as limits from './limits.ts'
import { isWithin, leastReach, type Reach } from './reach.ts'
import { type Met, RecordBook } from './record-book.ts'

/** What exchanging node records needs; `KeptStreams` is a `request`. */
export interface NodeRecordPorts {
  readonly request: (
    peer: PeerId,
    payload: Uint8Array,
    options: { readonly signal: AbortSignal },
  ) => AsyncIterable<Uint8Array>
  /** Opens a sealed record, its signature verified; rejects with `ProtocolError`. */
  readonly open: (envelope: Uint8Array) => Promise<NodeRecord>
  /** This node's own records for a peer met over a connection of that reach: with all addresses it may know, and those for the world. */
  readonly own: (reach: Reach) => readonly Uint8Array[]
  /** Of the connection with a peer; null if there is none. */
  readonly reachOf: (peer: PeerId) => Reach | null
  readonly reachOfAddress: (address: string) => Reach
  readonly connectedPeers: () => readonly PeerId[]
  /** Whether connections are missing: then there are more rounds. */
  readonly isLacking: () => boolean
  /** Publishers of which a mirror is wanted. */
  readonly wantedMirrors: () => readonly PublisherId[]
  /** The records of one answer that are news, verified. */
  readonly onRecords: (records: readonly NodeRecord[], from: PeerId) => void
  readonly onOffence: (peer: PeerId, code: OffenceCode) => void
  readonly self: PeerId
  readonly clock: Clock
  /** ms since 1970. */
  readonly time: () => number
  /** 0 (inclusive) to 1. */
  readonly random: () => number
}

/** Short rounds in a long one. */
const SOON_ROUNDS = limits.ASK_ROUND_MS / limits.ASK_SOON_MS

/** Tells peers of nodes and hears of nodes from peers: on connection, and of one connected peer every other minute. */
export class NodeRecords implements AsyncDisposable {
  readonly book = new RecordBook()
  readonly #ports: NodeRecordPorts
  readonly #abort = new AbortController()
  readonly #running = new Set<Promise<void>>()
  readonly #waiting = new Set<PeerId>()
  /** When each was asked, ms of the clock, the longest ago first. */
  readonly #asked = new BoundedMap<PeerId, number>(limits.MAX_ASKED_PEERS)
  #cancelNext: (() => void) | null = null
  #cancelRound = () => {}
  #rounds = 0
  #isDialledsTurn = false

  constructor(ports: NodeRecordPorts) {
    this.#ports = ports
    this.#scheduleRound()
  }

  /** A connection to a peer came up: it is vouched for, and asked in its turn. */
  connected(peer: PeerId, how: Met): void {
    this.book.met(peer, how, each => each === peer || this.#ports.reachOf(each) !== null)
    const last = this.#asked.get(peer)
    if (last !== undefined && this.#ports.clock.now() - last < limits.ASK_AGAIN_MS) return
    this.#enqueue(peer)
  }

  /** The handler of `/hanse/<net>/peers/1`: own records first, then those of nodes met. */
  answer(): RequestHandler {
    const { own, reachOf, random, time } = this.#ports
    const { book } = this
    return async function* answer({ peer, payload }) {
      const { count, mirrors } = parseNodesRequest(payload)
      const reach = reachOf(peer)
      if (reach === null) return
      book.age(time())
      const others = book.tell({ count, mirrors, reach, to: peer, luck: random })
      yield encodeNodes([...own(reach), ...others].slice(0, count))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    this.#cancelNext?.()
    this.#cancelRound()
    await Promise.all(this.#running)
  }

  #scheduleRound(): void {
    const { clock, random, isLacking } = this.#ports
    const look = () => {
      if (this.#rounds % SOON_ROUNDS === 0 || isLacking()) this.#round()
      this.#rounds++
      this.#scheduleRound()
    }
    this.#cancelRound = clock.after(limits.ASK_SOON_MS * (0.8 + 0.4 * random()), look)
  }

  /** The peer that was not asked for longest; every other time of those this node dialled, who are not there by their own choice. */
  #round(): void {
    this.book.age(this.#ports.time())
    this.#isDialledsTurn = !this.#isDialledsTurn
    const all = this.#ports.connectedPeers()
    const dialled = all.filter(peer => this.book.howMet(peer) === 'dialled')
    const peers = this.#isDialledsTurn && dialled.length > 0 ? dialled : all
    const order = peers.map(peer => ({ peer, at: this.#asked.get(peer) ?? Number.NEGATIVE_INFINITY }))
    const [next] = order.toSorted((a, b) => a.at - b.at)
    if (next !== undefined && this.#ports.clock.now() - next.at >= limits.ASK_AGAIN_MS) this.#enqueue(next.peer)
  }

  #enqueue(peer: PeerId): void {
    if (this.#waiting.size >= limits.MAX_WAITING_ASKS) return
    this.#waiting.add(peer)
    this.#next()
  }

  #next(): void {
    if (this.#cancelNext !== null || this.#abort.signal.aborted) return
    if (this.#waiting.size === 0 || this.#running.size >= limits.MAX_RECORD_ASKS) return
    this.#cancelNext = this.#ports.clock.after(limits.ASK_GAP_MS, () => {
      this.#cancelNext = null
      const peer: PeerId | undefined = this.#waiting.values().next().value
      if (peer === undefined) return
      this.#waiting.delete(peer)
      if (this.#ports.reachOf(peer) !== null) this.#run(this.#ask(peer))
      this.#next()
    })
  }

  #run(work: Promise<void>): void {
    const running = work.finally(() => {
      this.#running.delete(running)
      this.#next()
    })
    this.#running.add(running)
  }

  /** Never throws: a peer without the protocol, or without time, has told nothing. */
  async #ask(peer: PeerId): Promise<void> {
    this.#remember(peer)
    const mirrors = this.#ports.wantedMirrors().slice(0, MAX_ASKED_MIRRORS)
    try {
      await this.#hear(peer, encodeNodesRequest({ ask: 'nodes', count: limits.ASKED_RECORDS }))
      if (mirrors.length > 0)
        await this.#hear(peer, encodeNodesRequest({ ask: 'nodes', count: limits.ASKED_RECORDS, mirrors }))
    } catch (error) {
      if (!(error instanceof ProtocolError) || this.#abort.signal.aborted) return
      this.#ports.onOffence(peer, error.code === 'E_MESSAGE' ? 'message-malformed' : 'record-invalid')
    }
  }

  #remember(peer: PeerId): void {
    this.#asked.set(peer, this.#ports.clock.now())
  }

  async #hear(peer: PeerId, payload: Uint8Array): Promise<void> {
    const { request, clock } = this.#ports
    const late = new AbortController()
    const cancel = clock.after(limits.RECORDS_TIMEOUT_MS, () => late.abort())
    try {
      const signal = AbortSignal.any([this.#abort.signal, late.signal])
      for await (const message of request(peer, payload, { signal })) {
        await this.#takeAll(peer, parseNodes(message))
        return // an answer is one message
      }
    } finally {
      cancel()
    }
  }

  /** What verified before a forged one is taken all the same. */
  async #takeAll(from: PeerId, envelopes: readonly Uint8Array[]): Promise<void> {
    const news: NodeRecord[] = []
    try {
      for (const envelope of envelopes) {
        const record = await this.#take(from, envelope)
        if (record !== null) news.push(record)
      }
    } finally {
      if (news.length > 0 && !this.#abort.signal.aborted) this.#ports.onRecords(news, from)
    }
  }

  /** The record if it is news. */
  async #take(from: PeerId, envelope: Uint8Array): Promise<NodeRecord | null> {
    const { open, self, time, reachOf, reachOfAddress } = this.#ports
    if (this.book.has(envelope)) return null
    const record = await open(envelope).catch(refuseUnlessNewer)
    const peerReach = reachOf(from)
    if (record === null || peerReach === null || record.peer === self) return null
    const reach = leastReach(record.addresses.map(reachOfAddress))
    // What only this site can reach is no business of somebody far away: it would have us dial inside.
    if (!isWithin(reach, peerReach)) return null
    return this.book.add({ record, envelope, reach, from }, time()) ? record : null
  }
}

function refuseUnlessNewer(error: unknown): null {
  if (isOfLaterVersion(error)) return null
  throw error
}
