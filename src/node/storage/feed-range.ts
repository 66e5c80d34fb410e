import type { FeedRange } from '../../federation/index.ts'
import type { RecordId } from '../../protocol/index.ts'
import { type FeedTree, type Segment, segmentsOf } from './feed-tree.ts'
import type { LevelDatabase } from './level-database.ts'
import { SCAN_BYTES } from './limits.ts'
import { lost } from './record-at.ts'
import { keyOf, lostIdOf, openEnvelope, parsePlace, type RecordPlace, seqOfKey } from './stored-record.ts'
import { storedTree } from './stored-trees.ts'

type FeedPlace = Pick<RecordPlace, 'publisher' | 'feed'>

/** The envelopes of a range, by the laws of `FeedStore`. @throws StorageError E_RECORD_CORRUPT */
export async function feedRange(
  database: LevelDatabase,
  at: FeedPlace,
  range: FeedRange,
): Promise<readonly Uint8Array[]> {
  const tree = await storedTree(database, at)
  const end = await endOf(database, at, tree, range.to)
  if (end === null) return []
  const taken: Uint8Array[] = []
  let bytes = 0
  for await (const envelope of chain(database, tree, end, range.from)) {
    bytes += envelope.length
    if (taken.length >= range.limit || (taken.length > 0 && bytes > range.maxBytes)) return taken
    taken.push(envelope)
    if (bytes >= (range.enoughBytes ?? range.maxBytes)) return taken
  }
  return taken
}

async function endOf(
  database: LevelDatabase,
  { publisher, feed }: FeedPlace,
  tree: FeedTree,
  to: RecordId | undefined,
): Promise<RecordPlace | null> {
  if (to === undefined) return tree[0] === undefined ? null : { publisher, feed, branch: 0, seq: tree[0].tip.seq }
  const place = await database.table('places').get(to)
  if (place === undefined) return null
  const end = parsePlace(place)
  return end.publisher === publisher && end.feed === feed ? end : null
}

/** The chain that ends at `end`, from a sequence number on; it ends before a record that is marked as lost. */
async function* chain(
  database: LevelDatabase,
  tree: FeedTree,
  end: RecordPlace,
  from: number,
): AsyncGenerator<Uint8Array> {
  for (const part of segmentsOf(tree, end.branch, end.seq))
    if (!(yield* segment(database, end, { ...part, from: Math.max(part.from, from) }))) return
}

/** The envelopes of a segment, false at one marked as lost; another missing one, which a flipped bit in a key makes, is corruption. */
async function* segment(
  database: LevelDatabase,
  end: RecordPlace,
  { branch, from, to }: Segment,
): AsyncGenerator<Uint8Array, boolean> {
  const place = (seq: number) => ({ ...end, branch, seq })
  let next = from
  if (from > to) return true
  const bounds = { gte: keyOf(place(from)), lte: keyOf(place(to)), highWaterMarkBytes: SCAN_BYTES }
  for await (const [key, value] of database.scan('records', bounds)) {
    if (seqOfKey(key) !== next) break
    if (lostIdOf(value) !== null) return false
    next++
    yield openEnvelope(key, value)
  }
  if (next <= to) throw lost(place(next))
  return true
}
