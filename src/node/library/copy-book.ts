import type { Clock } from '../../federation/index.ts'
import type { Artifact, BlockId, PeerId, PublisherId } from '../../protocol/index.ts'
import type { MirroredArtifact } from './mirrored-publisher.ts'
import { decideCopy } from './wanted-copies.ts'

/** Roots that one node signs: 32 records of 10 kB, and 1 MB in the memory of each follower. What more is kept is not told. */
const MAX_STATED_CIDS = 8_192
/** Artifacts whose missing copies are remembered; of what does not fit this node takes one at once. */
const MAX_SHORT = 65_536
/** How long a missing copy counts that is asked about no more, ms: what was withdrawn is not, what nobody has is once an hour. */
const SHORT_MS = 2 * 60 * 60_000
/** A round in which others may take a missing copy, ms: a large package is fetched and signed by then. */
export const ROUND_MS = 60_000
/** For so long after a start nothing missing is taken, ms: other mirrors connect and tell what they hold. */
export const SETTLE_MS = 10_000
/** How long what is known of holders is used before it is read again, ms; news end it at once. */
const SEEN_MS = 30_000

/** What is known here of who holds and who mirrors a publisher. */
export interface SeenCopies {
  /** Other nodes counted as holders of everything. */
  readonly whole: readonly PeerId[]
  /** Other nodes counted as holders of the named roots. */
  readonly partial: ReadonlyMap<PeerId, ReadonlySet<BlockId>>
  /** Other nodes that may take what is missing. */
  readonly mirrors: readonly PeerId[]
}

export interface CopyBookParts {
  readonly self: PeerId
  /** Copies that are enough of a mirrored publisher; null: everything is kept. */
  readonly wantedOf: (publisher: PublisherId) => number | null
  readonly seenOf: (publisher: PublisherId) => SeenCopies
  /** Whether everyone may hear of an artifact and have it: of others nobody is asked and nothing is said, so they are kept. */
  readonly isOpen: (artifact: Artifact, publisher: PublisherId) => boolean
  /** Whether exactly this artifact is held and would be served. */
  readonly holds: (artifact: Artifact) => Promise<boolean>
  readonly hasBytes: (cid: BlockId) => Promise<boolean>
  readonly clock: Clock
}

/** `stale`: who holds what may have changed; `settling`, `short`: others are waited for, at the start or for a round; `due`: what is signed differs from what is kept. */
export type CopyNews = 'stale' | 'settling' | 'short' | 'due'

interface Shortage {
  readonly publisher: PublisherId
  readonly package: string
  /** The most other holders that were known meanwhile. */
  readonly most: number
  /** Since when no more came, and when it was asked about last; monotonic ms. */
  readonly since: number
  readonly askedAt: number
}

/** What this node keeps of publishers of whom it wants a number of copies, and which copies are missing. */
export class CopyBook {
  readonly #parts: CopyBookParts
  readonly #startedAt: number
  readonly #held = new Map<BlockId, PublisherId>()
  readonly #dropped = new Set<BlockId>()
  /** What was asked about longest ago first. */
  readonly #short = new Map<string, Shortage>()
  readonly #seen = new Map<PublisherId, { readonly at: number; readonly copies: SeenCopies }>()
  readonly #listeners = new Set<(news: CopyNews) => void>()
  #isDue = true

  constructor(parts: CopyBookParts) {
    this.#parts = parts
    this.#startedAt = parts.clock.now()
  }

  onNews(listener: (news: CopyNews) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Packages with an artifact of which fewer copies are known than wanted. */
  get shortPackages(): number {
    this.#forgetShort()
    return new Set([...this.#short.values()].map(short => `${short.publisher} ${short.package}`)).size
  }

  /** A check failed, a statement or a relation changed. */
  stale(): void {
    this.#seen.clear()
    for (const [cid, publisher] of this.#held) if (this.#parts.wantedOf(publisher) === null) this.#drop(cid)
    for (const [key, { publisher }] of this.#short)
      if (this.#parts.wantedOf(publisher) === null) this.#short.delete(key)
    this.#tell('stale')
  }

  /** Whether this node is to have an artifact that it mirrors; notes whether it has it, and what is missing elsewhere. */
  async isWanted(publisher: PublisherId, { name, artifact }: MirroredArtifact): Promise<boolean> {
    const { self, wantedOf, isOpen, holds } = this.#parts
    const wanted = wantedOf(publisher)
    if (wanted === null) return true
    if (!isOpen(artifact, publisher)) {
      if (this.#held.has(artifact.cid)) this.#drop(artifact.cid)
      return true
    }
    const isHeld = await holds(artifact)
    this.#note(artifact.cid, publisher, isHeld)
    const { holders, mirrors } = this.#knownOf(publisher, artifact.cid)
    const key = `${publisher} ${artifact.cid}`
    if (holders.size + Number(isHeld) >= wanted) {
      this.#short.delete(key)
      return isHeld
    }
    const rounds = this.#roundsOf(key, { publisher, package: name, most: holders.size })
    if (isHeld) return true
    const decision = decideCopy({ self, sha256: artifact.sha256, wanted, holders, mirrors, rounds })
    const isSettled = this.#parts.clock.now() - this.#startedAt >= SETTLE_MS
    if (decision === 'take' && isSettled) return true
    this.#tell(isSettled ? 'short' : 'settling')
    return false
  }

  /** Of the roots that this node signed: those to add, and those that it has no more or nobody wants any more. */
  async due(stated: ReadonlySet<BlockId>): Promise<{ readonly held: BlockId[]; readonly gone: BlockId[] }> {
    if (!this.#isDue) return { held: [], gone: [] }
    this.#isDue = false
    // What is dropped while bytes are looked for is due the next time.
    const dropped = new Set(this.#dropped)
    this.#dropped.clear()
    const gone: BlockId[] = []
    for (const cid of stated) {
      if (this.#held.has(cid)) continue
      if (dropped.has(cid) || !(await this.#parts.hasBytes(cid))) gone.push(cid)
    }
    const room = MAX_STATED_CIDS - (stated.size - gone.length)
    const held = [...this.#held.keys()].filter(cid => !stated.has(cid)).slice(0, Math.max(0, room))
    // Asked again until what is signed says so.
    this.#isDue ||= held.length + gone.length > 0
    for (const cid of gone) this.#dropped.add(cid)
    return { held, gone }
  }

  #knownOf(publisher: PublisherId, cid: BlockId): { holders: ReadonlySet<PeerId>; mirrors: readonly PeerId[] } {
    const now = this.#parts.clock.now()
    let seen = this.#seen.get(publisher)
    if (seen === undefined || now - seen.at > SEEN_MS) {
      seen = { at: now, copies: this.#parts.seenOf(publisher) }
      this.#seen.set(publisher, seen)
    }
    const { whole, partial, mirrors } = seen.copies
    const holders = new Set(whole)
    for (const [peer, cids] of partial) if (cids.has(cid)) holders.add(peer)
    return { holders, mirrors }
  }

  #roundsOf(key: string, of: Pick<Shortage, 'publisher' | 'package' | 'most'>): number {
    const now = this.#parts.clock.now()
    this.#forgetShort()
    const known = this.#short.get(key)
    if (known === undefined && this.#short.size >= MAX_SHORT) return Number.POSITIVE_INFINITY
    const { most, since } = known !== undefined && known.most >= of.most ? known : { ...of, since: now }
    this.#short.delete(key)
    this.#short.set(key, { ...of, most, since, askedAt: now })
    return Math.floor((now - since) / ROUND_MS)
  }

  #forgetShort(): void {
    const until = this.#parts.clock.now() - SHORT_MS
    for (const [key, { askedAt }] of this.#short) {
      if (askedAt > until) return
      this.#short.delete(key)
    }
  }

  #note(cid: BlockId, publisher: PublisherId, isHeld: boolean): void {
    if (isHeld === this.#held.has(cid)) return
    if (isHeld && this.#held.size >= MAX_STATED_CIDS) return
    if (isHeld) this.#held.set(cid, publisher)
    else this.#held.delete(cid)
    if (isHeld) this.#dropped.delete(cid)
    this.#becomeDue()
  }

  #drop(cid: BlockId): void {
    this.#held.delete(cid)
    this.#dropped.add(cid)
    this.#becomeDue()
  }

  #becomeDue(): void {
    this.#isDue = true
    this.#tell('due')
  }

  #tell(news: CopyNews): void {
    for (const listener of this.#listeners) listener(news)
  }
}
