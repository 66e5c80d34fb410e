import type { Clock } from '../../federation/index.ts'
import { type BlockId, type HoldsOp, MAX_HOLDS_ITEMS, type OriginOp, type PeerId } from '../../protocol/index.ts'
import type { Writer } from '../library/writer.ts'
import { BATCH_MS, BATCH_VERSIONS, MAX_WAITING_VERSIONS } from './limits.ts'
import { opBatchesOf } from './op-batches.ts'
import type { PulledTarball } from './pulled-tarballs.ts'

/** An upstream whose pulled versions are stated. */
export interface StatedUpstream {
  /** Everything pulled. */
  readonly all: () => AsyncIterable<PulledTarball>
  readonly get: (name: string, version: string) => Promise<PulledTarball | null>
  /** Whether a version is stated already, without looking closer. */
  readonly isStated: (pulled: PulledTarball) => boolean
  /** What to state of it; nothing for what is none of others' business. */
  readonly opsOf: (pulled: PulledTarball) => Promise<readonly OriginOp[]>
}

export interface OriginKeeperParts {
  readonly writer: Pick<Writer, 'write'>
  readonly peer: PeerId
  readonly clock: Clock
  /** Peers connected now: without one nobody hears a statement, and a rolled-back home would fork. */
  readonly hasPeers: () => boolean
  /** CIDs that this node's statements say it holds. */
  readonly heldAsStated: () => Iterable<BlockId>
  readonly isHeld: (cid: BlockId) => Promise<boolean>
  /** Told of a failure, once while it stays the same. */
  readonly onFailed: (why: string) => void
}

/**
 * Signs what was pulled: many versions a record, in the background. What waits is remembered in memory, and whatever was not stated
 * before a crash, without peers or in too long a queue is found again among what is kept.
 */
export class OriginKeeper implements AsyncDisposable {
  readonly #parts: OriginKeeperParts
  readonly #upstreams = new Map<string, StatedUpstream>()
  /** Upstream, name and version. */
  readonly #waiting = new Map<string, readonly [string, string, string]>()
  /** Upstreams of which everything kept is to be looked through. */
  readonly #unread = new Set<string>()
  #last: Promise<void> = Promise.resolve()
  #cancelTimer: (() => void) | null = null
  #failure: string | null = null
  #isClosed = false

  constructor(parts: OriginKeeperParts) {
    this.#parts = parts
  }

  /** An upstream was opened: what of it is not stated yet will be. */
  opened(name: string, upstream: StatedUpstream): void {
    this.#upstreams.set(name, upstream)
    this.#unread.add(name)
    this.look()
  }

  closed(name: string): void {
    this.#upstreams.delete(name)
    this.#unread.delete(name)
  }

  /** A version was pulled. */
  pulled(upstream: string, name: string, version: string): void {
    if (!this.#upstreams.has(upstream)) return
    if (this.#waiting.size >= MAX_WAITING_VERSIONS) this.#unread.add(upstream)
    else this.#waiting.set(`${upstream} ${name} ${version}`, [upstream, name, version])
    this.look()
  }

  /** Signs what is due in a while, or at once when there is enough for a record. */
  look(): void {
    if (this.#isClosed || !this.#parts.hasPeers()) return
    if (this.#waiting.size >= BATCH_VERSIONS) return void this.sign()
    this.#cancelTimer ??= this.#parts.clock.after(BATCH_MS, () => void this.sign())
  }

  /** Signs everything that is due now; resolves when that was tried. */
  sign(): Promise<void> {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    const signed = this.#last.then(() => this.#signAll())
    this.#last = signed
    return signed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#cancelTimer?.()
    await this.#last
  }

  async #signAll(): Promise<void> {
    try {
      for (const name of [...this.#unread]) await this.#readAgain(name)
      while (this.#waiting.size > 0 && this.#maySign()) await this.#signSome()
      this.#failure = null
    } catch (error) {
      for (const name of this.#upstreams.keys()) this.#unread.add(name)
      const why = error instanceof Error ? error.message : String(error)
      if (why !== this.#failure) this.#parts.onFailed(why)
      this.#failure = why
    }
  }

  async #signSome(): Promise<void> {
    const some = [...this.#waiting].slice(0, BATCH_VERSIONS)
    const ops: OriginOp[] = []
    for (const [key, [upstream, name, version]] of some) {
      this.#waiting.delete(key)
      const stated = this.#upstreams.get(upstream)
      const pulled = (await stated?.get(name, version)) ?? null
      if (stated !== undefined && pulled !== null) ops.push(...(await stated.opsOf(pulled)))
    }
    // One sibling may be named by several versions of a batch.
    const fresh = [...new Map(ops.map(op => [`${op.upstream} ${op.purl} ${op.artifact.sha256}`, op])).values()]
    for (const batch of opBatchesOf(fresh)) {
      await this.#parts.writer.write('public', batch)
      await this.#hold([...new Set(batch.map(({ artifact }) => artifact.cid))], false)
    }
  }

  /** Holdings after origins: who hears of the bytes knows what they are. */
  async #hold(cids: readonly BlockId[], undo: boolean): Promise<void> {
    const { writer, peer } = this.#parts
    for (let at = 0; at < cids.length; at += MAX_HOLDS_ITEMS) {
      const op: HoldsOp = { op: 'holds', peer, publishers: [], cids: cids.slice(at, at + MAX_HOLDS_ITEMS), undo }
      await writer.write('public', [op])
    }
  }

  #maySign(): boolean {
    return !this.#isClosed && this.#parts.hasPeers()
  }

  /** Looks through all that is kept of an upstream and signs, batch by batch, what is not stated. */
  async #readAgain(name: string): Promise<void> {
    const upstream = this.#upstreams.get(name)
    if (upstream === undefined || !this.#maySign()) return
    this.#unread.delete(name)
    await this.#unholdGone()
    for await (const pulled of upstream.all()) {
      if (!this.#maySign()) return void this.#unread.add(name)
      if (upstream.isStated(pulled)) continue
      this.#waiting.set(`${name} ${pulled.name} ${pulled.version}`, [name, pulled.name, pulled.version])
      if (this.#waiting.size >= BATCH_VERSIONS) await this.#signSome()
    }
  }

  /** What left the cache is no longer said to be held. */
  async #unholdGone(): Promise<void> {
    const gone: BlockId[] = []
    for (const cid of this.#parts.heldAsStated()) if (!(await this.#parts.isHeld(cid))) gone.push(cid)
    await this.#hold(gone, true)
  }
}
