import type { PackageName, RecordId } from '../ids.ts'
import { shortNameOf, splitReleaseName } from '../purl.ts'
import type { Op, OpAddress } from '../record.ts'
import type { Visibility } from '../visibility.ts'
import type { FoldedRecord } from './folded-record.ts'
import type { LiveFeed } from './live-feeds.ts'

/** An op that counts, with its place in the fold's order. */
export interface CountedOp {
  readonly op: Op
  readonly at: OpAddress
  readonly key: string
  readonly seq: number
  /** Time its record claims, ms since 1970; decides nothing here. */
  readonly claimedMs: number
  readonly feed: LiveFeed
}

/** One text per op address; nearly all records have one op, whose text is their id. */
export const addressKeyOf = ([record, index]: OpAddress): string => (index === 0 ? record : `${record}#${index}`)

/** Order of "last wins": rank of the feed, sequence number, index; never time or arrival (specification section 6.4). */
export function compareOps(a: CountedOp, b: CountedOp): number {
  return a.feed.rank - b.feed.rank || a.seq - b.seq || a.at[1] - b.at[1]
}

export const isPublic = ({ feed }: CountedOp): boolean => feed.visibility === 'public'

/** The most open visibility of the feeds that say them; of none, private. */
export function visibilityOf(ops: readonly CountedOp[]): Visibility {
  if (ops.some(isPublic)) return 'public'
  return ops.some(({ feed }) => feed.visibility === 'listed') ? 'listed' : 'private'
}

/** The package an op names itself; null for one that points at another op, or at no package. */
export function packageNamedBy(op: Op): PackageName | null {
  switch (op.op) {
    case 'release':
    case 'origin':
    case 'tag':
      return splitReleaseName(op.purl).package
    case 'yank':
    case 'deprecate':
      return 'purl' in op.target ? splitReleaseName(op.target.purl).package : null
    default:
      return null
  }
}

/** The ops an op points at. */
export function targetsOf(op: Op): readonly OpAddress[] {
  if (op.op !== 'yank' && op.op !== 'deprecate') return []
  if ('at' in op.target) return [op.target.at]
  return 'undo' in op.target ? op.target.undo : []
}

const LOOSE: ReadonlySet<Op['op']> = new Set(['profile', 'holds', 'audience', 'member'])
/** Whether an op is about no package. */
export const isLooseOp = ({ op }: Op): boolean => LOOSE.has(op)

export const isUndo = (op: Op): boolean => (op.op === 'yank' || op.op === 'deprecate') && 'undo' in op.target

/**
 * The ops of a record that count in its feed: understood, and naming nothing outside the feed's scope. What one that points at
 * another op may touch is decided where that one lies (`OpIndex`).
 */
export function countedOpsOf(record: FoldedRecord, feed: LiveFeed): CountedOp[] {
  if (record.understood?.typ !== 'ops') return []
  const ops: CountedOp[] = []
  for (const [index, op] of record.understood.ops.entries()) {
    if (!isInScope(op, feed)) continue
    const at: OpAddress = [record.id as RecordId, index]
    ops.push({ op, at, key: addressKeyOf(at), seq: record.seq, claimedMs: record.ts, feed })
  }
  return ops
}

function isInScope(op: Op, { scope }: LiveFeed): boolean {
  if (scope.mark().isEverything) return true
  const name = packageNamedBy(op)
  return name === null || scope.covers(shortNameOf(name))
}
