import { webcrypto } from 'node:crypto'
import {
  type ArtifactLayout,
  contentHandler,
  contentProtocolOf,
  type FetchOutcome,
  fetchArtifact,
  KeptStreams,
  type OffenceCode,
} from '../../src/federation/index.ts'
import type { PeerId } from '../../src/protocol/index.ts'
import { packageOf, Shelf, Store } from '../federation/content/shelf.ts'
import { duplexPair, TestClock } from '../federation/streams/duplex-pair.ts'
import { Chance } from './chance.ts'
import { CorruptingStream, STREAM_SPOILINGS, type StreamSpoiling } from './corrupting-stream.ts'
import { Tally } from './tally.ts'

const { subtle } = webcrypto
const PROTOCOL = contentProtocolOf('test')
const [ME, PEER] = ['me' as PeerId, 'peer' as PeerId]
const MIB = 1 << 20
/** Bytes of artifacts: one frame, several frames, one leaf, several leaves. */
const SIZES = [100, 5_000, 300_000, 900_000, MIB + 17, 2 * MIB + 5]
/** Small ones more often, so that a run is not spent on large ones. */
const FREQUENT_SIZES = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 4, 5]

interface Shelved {
  readonly bytes: Uint8Array
  readonly layout: ArtifactLayout
  readonly shelf: Shelf
}

/** Fetches `count` artifacts, each from a peer whose answer is spoilt in one way that follows from the seed. */
export async function corruptPeers(seed: number, count: number): Promise<Tally> {
  const tally = new Tally()
  const pool = await Promise.all(SIZES.map(async size => await shelved(packageOf(size))))
  const others = await Promise.all(SIZES.map(async size => await shelved(packageOf(size).map(byte => byte ^ 0x55))))
  for (let number = 0; number < count; number++) {
    const chance = new Chance(seed ^ Math.imul(number + 1, 0x9e3779b1))
    const spoiling = chance.pick(STREAM_SPOILINGS)
    const at = chance.pick(FREQUENT_SIZES)
    const wanted = pool[at]!
    const shelf = spoiling === 'swap-artifacts' ? inPlaceOf(wanted, others[at]!) : wanted.shelf
    const { outcome, offences, store } = await fetched(wanted, shelf, spoiling, chance)
    const what = `artifact ${number} of ${wanted.bytes.length} bytes`
    if ('from' in outcome) {
      const isWhole = store.state === 'committed' && Buffer.concat(store.leaves).equals(wanted.bytes)
      tally.add(spoiling, isWhole ? 'unaltered' : 'ALTERED', what)
    } else {
      const isKept = store.state === 'committed' || !isPrefix(store.leaves, wanted.bytes)
      const isReported = outcome.tried.length > 0 || offences.length > 0
      tally.add(spoiling, isKept ? 'ALTERED' : isReported ? 'refused' : 'UNREPORTED', what)
    }
  }
  return tally
}

async function shelved(bytes: Uint8Array): Promise<Shelved> {
  const shelf = new Shelf()
  return { bytes, shelf, layout: await shelf.add(bytes) }
}

/** A peer that answers for one artifact with the blocks of another. */
function inPlaceOf({ layout }: Shelved, other: Shelved): Shelf {
  const shelf = new Shelf()
  const blockOf = (id: string) => other.shelf.blocks.get(id) ?? new Uint8Array()
  for (const [at, leaf] of layout.leaves.entries()) shelf.blocks.set(leaf, blockOf(other.layout.leaves[at] ?? ''))
  shelf.blocks.set(layout.cid, blockOf(other.layout.cid))
  return shelf
}

async function fetched(wanted: Shelved, shelf: Shelf, spoiling: StreamSpoiling, chance: Chance) {
  const clock = new TestClock()
  const offences: OffenceCode[] = []
  const store = new Store()
  const frames = Math.ceil(wanted.bytes.length / (1 << 18))
  const streams = new KeptStreams({
    clock,
    onOffence: (_, code) => void offences.push(code),
    openStream: async () => {
      const server = new KeptStreams({
        openStream: () => Promise.reject(new Error('none')),
        onOffence: () => {},
        clock,
      })
      server.handle(
        PROTOCOL,
        contentHandler(shelf, () => true),
      )
      const [mine, theirs] = duplexPair()
      server.acceptStream(ME, PROTOCOL, new CorruptingStream(theirs, spoiling, chance.below(frames), chance))
      return mine
    },
  })
  const context = { streams, protocol: PROTOCOL, sink: store, clock }
  const fetching = fetchArtifact(context, wanted.layout, [PEER], { signal: new AbortController().signal })
  const outcome = await inTime(fetching, clock)
  await streams[Symbol.asyncDispose]()
  return { outcome, offences, store }
}

/** Lets time pass for whoever waits in vain. */
async function inTime(fetching: Promise<FetchOutcome>, clock: TestClock): Promise<FetchOutcome> {
  const ended = fetching.then(() => true)
  for (;;) {
    // Leaves are hashed on the thread pool, in real time: a turn of the pool for each second of this clock.
    await subtle.digest('SHA-256', new Uint8Array(MIB))
    const isOver = await Promise.race([ended, clock.pass(1_000).then(() => false)])
    if (isOver) return await fetching
  }
}

/** What is kept of a fetch that failed are its first leaves, each as it should be. */
const isPrefix = (leaves: readonly Uint8Array[], bytes: Uint8Array): boolean => {
  const kept = Buffer.concat(leaves)
  return kept.equals(bytes.subarray(0, kept.length))
}
