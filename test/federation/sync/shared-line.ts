import { KeptStreams } from '../../../src/federation/index.ts'
import { SyncDriver } from '../../../src/federation/sync/driver.ts'
import type { DropReason } from '../../../src/federation/sync/effects.ts'
import { FeedHandler } from '../../../src/federation/sync/handler.ts'
import { HeadChanges } from '../../../src/federation/sync/head-changes.ts'
import { Intake } from '../../../src/federation/sync/intake.ts'
import { rangeVerifier } from '../../../src/federation/sync/verify-range.ts'
import { feedClientOf } from '../../../src/node/composition/feed-client.ts'
import {
  encodeRange,
  MAX_FEED_RANGE_BYTES,
  type PeerId,
  parseFeedRequest,
  parseRange,
  verifySignatures,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { duplexPair, TestClock } from '../streams/duplex-pair.ts'
import { MemoryFeedStore } from './memory-feed-store.ts'

const PROTOCOL = '/hanse/main/feed/1'
/** What of one peer crosses before the next has its turn, bytes. */
const PIECE_BYTES = 16 << 10
/** What comes of a slow peer before it is, bytes: what it holds, and some records. */
const QUICK_BYTES = 50_000
/** Time for which a dropped peer is kept out, ms. */
const KEPT_OUT_MS = 60_000

interface Piece {
  readonly bytes: number
  readonly crossed: () => void
}

/** One line that peers share fairly: a piece of each in turn, bytes a ms in all. */
class SharedLine {
  readonly #clock: TestClock
  readonly #bytesPerMs: number
  readonly #waiting = new Map<PeerId, Piece[]>()
  #isBusy = false
  carriedBytes = 0

  constructor(clock: TestClock, bytesPerMs: number) {
    this.#clock = clock
    this.#bytesPerMs = bytesPerMs
  }

  cross(peer: PeerId, bytes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = this.#waiting.get(peer) ?? []
    waiting.push({ bytes, crossed: resolve })
    this.#waiting.set(peer, waiting)
    this.#next()
    return promise
  }

  #next(): void {
    const [turn] = this.#waiting
    if (this.#isBusy || turn === undefined) return
    const [peer, pieces] = turn
    const piece = pieces.shift()!
    this.#waiting.delete(peer)
    if (pieces.length > 0) this.#waiting.set(peer, pieces)
    this.#isBusy = true
    this.#clock.after(piece.bytes / this.#bytesPerMs, () => {
      this.#isBusy = false
      this.carriedBytes += piece.bytes
      piece.crossed()
      this.#next()
    })
  }
}

export interface SharedLineSetting {
  readonly peers: number
  /** Of the line, bytes a ms. */
  readonly bytesPerMs: number
  readonly records: readonly WellFormedRecord[]
  /** Peers that are slow, by their names `p0` and on. */
  readonly slowPeers?: Readonly<Record<string, SlowPeer>>
}

/** A peer that sends no faster than this, bytes a ms, after the first 50 kB; `brings`: what it answers for a range, `half` of what is asked for and no more. */
export interface SlowPeer {
  readonly bytesPerMs: number
  readonly brings: 'records' | 'half' | 'junk' | 'nothing'
}

/** A node that follows all publishers of the records, and peers that hold them, beyond one line; its kept streams, driver and store are the real ones. */
export async function overSharedLine({ peers, bytesPerMs, records, slowPeers = {} }: SharedLineSetting) {
  const clock = new TestClock()
  const line = new SharedLine(clock, bytesPerMs)
  const full = new MemoryFeedStore()
  await full.append(records)
  const servers = new Map<PeerId, KeptStreams>()
  for (let i = 0; i < peers; i++) servers.set(`p${i}` as PeerId, serverOf(full, clock, slowPeers[`p${i}`]?.brings))
  const mine = new MemoryFeedStore()
  const drops: string[] = []
  const streams = new KeptStreams({
    clock,
    onOffence: (peer, code) => drops.push(`${peer}: ${code}`),
    openStream: async (peer, protocol) => {
      const [near, far] = duplexPair()
      const send = far.send.bind(far)
      let sentBytes = 0
      far.send = async data => {
        for (let at = 0; at < data.byteLength; at += PIECE_BYTES) {
          const piece = data.subarray(at, at + PIECE_BYTES)
          const pace = slowPeers[peer]?.bytesPerMs
          sentBytes += piece.byteLength
          if (pace !== undefined && sentBytes > QUICK_BYTES)
            await new Promise<void>(resolve => clock.after(piece.byteLength / pace, resolve))
          await line.cross(peer, piece.byteLength)
          await send(piece)
        }
      }
      servers.get(peer)!.acceptStream('me' as PeerId, protocol, far)
      return near
    },
  })
  const driver: SyncDriver = new SyncDriver({
    client: feedClientOf(streams, PROTOCOL),
    intake: intakeOf(mine),
    clock,
    random: seeded(),
    dropPeer: (peer, why: DropReason) => {
      drops.push(`${peer}: ${why}`)
      streams.endPeer(peer)
      driver.disconnected(peer)
      clock.after(KEPT_OUT_MS, () => driver.connected(peer, 'other'))
    },
  })
  driver.follow([...new Set(records.map(({ publisher }) => publisher))])
  for (const peer of servers.keys()) driver.connected(peer, 'other')
  const neededBytes = records.reduce((sum, { envelope }) => sum + envelope.length, 0)
  return {
    driver,
    drops,
    mine,
    line,
    neededBytes,
    /** Seconds until all records are here, and `mostS` at most. */
    async secondsUntilAll(mostS: number): Promise<number> {
      for (let ms = 0; ms < mostS * 1_000; ms += 250) {
        if (mine.records.size === full.records.size) return ms / 1_000
        await clock.pass(250)
      }
      return mostS
    },
  }
}

function serverOf(store: MemoryFeedStore, clock: TestClock, brings: SlowPeer['brings'] = 'records'): KeptStreams {
  const streams = new KeptStreams({
    openStream: () => Promise.reject(new Error('opens nothing')),
    onOffence: () => {},
    clock,
  })
  const handler = new FeedHandler({ store, changes: new HeadChanges(), mayServeFeed: () => true })
  streams.handle(PROTOCOL, request => {
    const ask = parseFeedRequest(request.payload)
    if (brings === 'records' || ask?.ask !== 'range') return handler.handle(request)
    return brings === 'half' ? halfOf(handler.handle(request), ask.enoughBytes) : instead(brings, request.signal)
  })
  return streams
}

/** The first records of a range, until they have half of the bytes asked for. */
async function* halfOf(
  range: AsyncIterable<Uint8Array>,
  askedBytes = MAX_FEED_RANGE_BYTES,
): AsyncGenerator<Uint8Array> {
  for await (const part of range) {
    let bytes = 0
    yield encodeRange(
      parseRange(part)!.filter(envelope => {
        const isWanted = bytes < askedBytes / 2
        bytes += envelope.length
        return isWanted
      }),
    )
  }
}

/** A long message that is no range, or none at all. */
async function* instead(brings: 'junk' | 'nothing', signal: AbortSignal): AsyncGenerator<Uint8Array> {
  if (brings === 'junk') yield new Uint8Array(1 << 20)
  await new Promise(resolve => signal.addEventListener('abort', resolve))
}

function intakeOf(store: MemoryFeedStore): Intake {
  return new Intake({
    net: 'main',
    store,
    verify: rangeVerifier({ net: 'main', verifySignatures: async checks => verifySignatures(checks) }),
    onStored: () => {},
    isOwnFeed: () => false,
    onOwnFeed: () => {},
  })
}

function seeded(): () => number {
  let state = 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
