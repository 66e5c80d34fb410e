import { createHash } from 'node:crypto'
import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import {
  encodeAnnouncement,
  encodeCanonical,
  type FeedHead,
  type FeedId,
  headOf,
  type PublisherId,
  parseAnnouncement,
  parseEnvelope,
  type RecordId,
  sealHead,
  type WellFormedRecord,
} from '../../../src/protocol/index.ts'
import { NET, Publisher } from './cast.ts'
import { type InvalidRecord, invalidRecordsOf, smallOrderDelegateOf } from './invalid-records.ts'

/** Publishers that flood the network with their announcements: followed by nobody. */
const STRANGERS = 24

const stranger = new Publisher('stranger')

/** A publisher in league with the hostile peers: it signs whatever they need. */
export const accomplice = new Publisher('accomplice')
const stem = accomplice.chain(3, null, 'stem')
/** What honest nodes hold of it in any case. */
export const alibi: readonly WellFormedRecord[] = [
  accomplice.genesis,
  accomplice.delegate,
  smallOrderDelegateOf(accomplice),
  ...stem,
]
/** Signed for one place, each shown to others. */
export const twoBranches = [
  accomplice.chain(2, stem[2]!, 'one face'),
  accomplice.chain(3, stem[2]!, 'other face'),
] as const
/** Well made records that claim the beginning of time, and a day to come. */
export const misdated = [0, 4_000_000_000_000].map(ts => accomplice.dated(ts, stem[2]!))
export const invalidRecords: readonly InvalidRecord[] = invalidRecordsOf(accomplice, stranger, stem)
/** Announcements that are in order and that nobody needs. */
export const strangersNews: readonly Uint8Array[] = Array.from({ length: STRANGERS }, (_, i) => {
  const { genesis } = new Publisher(`stranger ${i}`)
  return encodeAnnouncement({ k: 'record', envelope: genesis.envelope })
})

/** The announcement with another signature; null for that of a head. */
export function forgedTwinOf(news: Uint8Array): Uint8Array | null {
  const announcement = parseAnnouncement(news)
  if (announcement.k !== 'record') return null
  const { payload, signatures } = parseEnvelope(announcement.envelope)
  const broken = signatures.map(([alg, index, bytes]) => [
    alg,
    index,
    bytes.map((byte, i) => (i === 40 ? byte ^ 1 : byte)),
  ])
  return encodeAnnouncement({ k: 'record', envelope: encodeCanonical({ p: payload, s: broken }) })
}

/** A head far ahead in another's feed, signed by nobody who may. */
export function forgedHeadOf(record: WellFormedRecord): Uint8Array {
  const head = { ...headOf(record), seq: record.seq + 1_000_000 }
  return encodeAnnouncement({ k: 'head', sealedHead: sealHead(head, NET, null, bytes => stranger.sign(bytes)) })
}

/** Heads of no record, for each publisher: more than are wanted in one feed, and some in feeds that nobody delegated. */
export function madeUpHeads(publisher: PublisherId): readonly FeedHead[] {
  const known = madeUp.get(publisher)
  if (known !== undefined) return known
  const heads = Array.from({ length: MADE_UP }, (_, i) => ({
    publisher,
    feed: feedOf(Math.max(0, i - CROWDED)),
    seq: 1 + i,
    id: madeUpId(`${publisher} ${i}`),
  }))
  madeUp.set(publisher, heads)
  return heads
}

/** Heads made up for one publisher, and those of them that are in one feed. */
const [MADE_UP, CROWDED] = [18, 13]
const madeUp = new Map<PublisherId, readonly FeedHead[]>()

const madeUpId = (what: string): RecordId =>
  CID.createV1(0x71, create(0x12, createHash('sha256').update(what).digest())).toString() as RecordId

const feedOf = (n: number): FeedId => `01${createHash('sha256').update(`made up ${n}`).digest('hex')}` as FeedId
