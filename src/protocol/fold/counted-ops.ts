import type { PublisherId } from '../ids.ts'
import { shortNameOf } from '../purl.ts'
import type { Op, OpAddress } from '../record.ts'
import { addressKeyOf, type CountedOp, isUndo, targetsOf } from './counted-op.ts'
import type { CountedRecords } from './counted-records.ts'
import type { HeldOps } from './held-ops.ts'
import type { HeldRecords } from './held-records.ts'
import type { PackageOps } from './op-index.ts'
import type { RecordBodies } from './record-bodies.ts'

export interface CountedOpsParts {
  readonly publisher: PublisherId
  readonly held: HeldRecords
  readonly ops: HeldOps
  readonly bodies: RecordBodies
}

/** Which held ops of a publisher count, and what they say: `OpIndex` without any of them in memory. Packages and ops are numbers. */
export class CountedOps {
  readonly #parts: CountedOpsParts
  /** By number of the feed; those that are live. */
  readonly #feeds: (CountedRecords | undefined)[] = []

  constructor(parts: CountedOpsParts) {
    this.#parts = parts
  }

  /** Counts the ops of a feed from now on, or no longer. */
  setFeed(feed: number, counted: CountedRecords | undefined): void {
    this.#feeds[feed] = counted
  }

  /** Whether any op that counts names a package: else there is no state of it. */
  hasAny(pkg: number): boolean {
    return !this.#naming(pkg).next().done
  }

  /** Whether all ops that name a package are said in public feeds. */
  isNamedOpenly(pkg: number): boolean {
    return this.#naming(pkg).every(({ feed }) => feed.live.visibility === 'public')
  }

  /** Whether a feed that is not public may point at any op. */
  get arePointedAtHidden(): boolean {
    const feeds = [...this.#parts.ops.pointingFeeds].map(feed => this.#feeds[feed]?.live.visibility)
    return feeds.some(visibility => visibility === 'private' || visibility === 'listed')
  }

  /** Every op that bears on a package, of those that are wanted and that name it; as `OpIndex.opsOf`. */
  opsOf(pkg: number, isWanted: (op: number) => boolean = () => true): PackageOps {
    const short = shortNameOf(this.#parts.ops.nameOf(pkg))
    const ops: CountedOp[] = []
    for (const { op, feed } of this.#naming(pkg)) if (isWanted(op)) ops.push(this.#read(op, feed))
    const undos: { by: CountedOp; key: string }[] = []
    // Grows while it is walked: marks that point at an op may be undone themselves.
    for (const op of ops) {
      for (const number of this.#parts.ops.pointingAt(op.key)) {
        const feed = this.#feedOf(number)
        if (!feed?.live.scope.covers(short)) continue
        const by = this.#read(number, feed)
        if (!isUndo(by.op)) {
          if (op.op.op === 'release') ops.push(by)
        } else if (by.op.op === op.op.op) undos.push({ by, key: op.key })
      }
    }
    return { ops, undos }
  }

  /** What an op says, if it counts. */
  read(op: number): CountedOp | null {
    const feed = this.#feedOf(op)
    return feed === null ? null : this.#read(op, feed)
  }

  /** The packages whose state an op can change, as far as the ops it points at count here. */
  *touchedBy(op: number): Generator<number> {
    const pkg = this.#coveredPackageOf(op)
    if (pkg !== null) yield pkg
    const { ops } = this.#parts
    const mark = ops.markAt(op)
    if (mark === null) return
    for (const pointed of this.#pointedAtBy(op)) {
      const named = this.#coveredPackageOf(pointed)
      if (named !== null) yield named
      const deeper = ops.markAt(pointed)
      // An undo of an undo changes nothing, so nothing lies deeper than what an undone mark points at.
      if (!isUndo(mark) || deeper === null || isUndo(deeper)) continue
      for (const last of this.#pointedAtBy(pointed)) {
        const under = this.#coveredPackageOf(last)
        if (under !== null) yield under
      }
    }
  }

  /** Loose ops with whether they count, of feeds that are live. */
  *loose(): Generator<{ readonly isCounted: boolean; readonly op: CountedOp }> {
    for (const [number, op] of this.#parts.ops.loose()) {
      const record = this.#parts.ops.recordOf(number)
      const feed = this.#feeds[this.#parts.held.feedOf(record)]
      if (feed !== undefined) yield { isCounted: feed.has(record), op: this.#countedOp(number, op, 0, feed) }
    }
  }

  *#pointedAtBy(op: number): Generator<number> {
    const { ops, held } = this.#parts
    const mark = ops.markAt(op)
    for (const [id, index] of mark === null ? [] : targetsOf(mark)) {
      const record = held.find(id)
      const pointed = record === null ? null : ops.at(record, index)
      if (pointed !== null && this.#feedOf(pointed) !== null) yield pointed
    }
  }

  /** The package that an op which counts names. */
  #coveredPackageOf(op: number): number | null {
    const pkg = this.#parts.ops.packageNamedBy(op)
    const feed = pkg === null ? null : this.#feedOf(op)
    if (pkg === null || feed === null) return null
    const { scope } = feed.live
    return scope.mark().isEverything || scope.covers(shortNameOf(this.#parts.ops.nameOf(pkg))) ? pkg : null
  }

  /** The ops that count and name a package, the last one first. */
  *#naming(pkg: number): Generator<{ readonly op: number; readonly feed: CountedRecords }> {
    const { ops } = this.#parts
    const short = shortNameOf(ops.nameOf(pkg))
    const covering = new Map<CountedRecords, boolean>()
    for (const op of ops.naming(pkg)) {
      const feed = this.#feedOf(op)
      if (feed === null) continue
      const covers = covering.get(feed) ?? feed.live.scope.covers(short)
      covering.set(feed, covers)
      if (covers) yield { op, feed }
    }
  }

  /** The feed in which the record of an op counts, or null. */
  #feedOf(op: number): CountedRecords | null {
    const record = this.#parts.ops.recordOf(op)
    const feed = this.#feeds[this.#parts.held.feedOf(record)]
    return feed?.has(record) ? feed : null
  }

  #read(op: number, feed: CountedRecords): CountedOp {
    const { publisher, held, ops, bodies } = this.#parts
    const record = ops.recordOf(op)
    const place = { publisher, feed: feed.live.feed, seq: held.seqOf(record), id: held.idOf(record) }
    const { ts, understood } = bodies.bodyOf(place)
    const said = understood?.typ === 'ops' ? understood.ops[ops.indexOf(op)] : undefined
    if (said === undefined) throw new TypeError(`record ${place.id} says something else than when it was taken in`)
    return this.#countedOp(op, said, ts, feed)
  }

  #countedOp(number: number, op: Op, claimedMs: number, { live }: CountedRecords): CountedOp {
    const { held, ops } = this.#parts
    const record = ops.recordOf(number)
    const at: OpAddress = [held.idOf(record), ops.indexOf(number)]
    return { op, at, key: addressKeyOf(at), seq: held.seqOf(record), claimedMs, feed: live }
  }
}
