import { createHash } from 'node:crypto'
import type { RecordId } from '../../protocol/index.ts'
import { StorageError } from './errors.ts'

/** One branch of a feed: number 0 is the main one, the others are rivals that leave `parent` before seq `from`. */
export interface Branch {
  readonly parent: number
  readonly from: number
  readonly tip: { readonly seq: number; readonly id: RecordId }
}

/** The branches of one feed; the index is the branch's number, which never changes. */
export type FeedTree = readonly Branch[]

/** Sequence numbers `from` to `to` of one branch. */
export interface Segment {
  readonly branch: number
  readonly from: number
  readonly to: number
}

/** The chain that ends at `seq` of a branch, as segments from seq 1 upwards. */
export function segmentsOf(tree: FeedTree, branch: number, seq: number): readonly Segment[] {
  const segments: Segment[] = []
  for (let number = branch, to = seq; to > 0; ) {
    const at = tree[number]
    if (at === undefined || (at.parent >= number && number > 0)) throw damaged('names a branch that is not there')
    segments.unshift({ branch: number, from: at.from, to })
    to = at.from - 1
    number = at.parent
  }
  return segments
}

/** Canonical bytes of a tree behind a checksum, because LevelDB would hand out a flipped bit. */
export function encodeFeedTree(tree: FeedTree): Uint8Array {
  const text = JSON.stringify(tree.map(branch => [branch.parent, branch.from, branch.tip.seq, branch.tip.id]))
  return Buffer.concat([sumOf(text), Buffer.from(text)])
}

/** @throws StorageError E_RECORD_CORRUPT when the stored bytes are not what was written. */
export function decodeFeedTree(bytes: Uint8Array): FeedTree {
  const text = Buffer.from(bytes.subarray(SUM_BYTES)).toString()
  if (!sumOf(text).equals(bytes.subarray(0, SUM_BYTES))) throw damaged('does not match its checksum')
  const rows = JSON.parse(text) as [number, number, number, RecordId][]
  return rows.map(([parent, from, seq, id]) => ({ parent, from, tip: { seq, id } }))
}

const SUM_BYTES = 16

function sumOf(text: string): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, SUM_BYTES)
}

function damaged(what: string): StorageError {
  const hint = 'run: hanse doctor --repair'
  return new StorageError('E_RECORD_CORRUPT', `a feed's table of branches ${what}`, { hint })
}
