import { encodeContentRequest, type PeerId } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { AnswerReader } from './artifact-download.ts'
import { isOwnFailure } from './artifact-writer.ts'
import { CountedAnswer } from './counted-answer.ts'
import { type FetchParts, FetchWork } from './fetch-work.ts'
import { leafBytesOf } from './layout.ts'
import { PLAN_TICK_MS, RANGE_CREDIT_BYTES } from './limits.ts'
import type { LeafRange } from './split-leaves.ts'
import { type SplitEffect, SplitPlan } from './split-plan.ts'

/**
 * Carries the plan of one artifact out: ranges from several mirrors at once, each leaf verified and written as it comes. Resolves when
 * all leaves are here, nobody is left to ask, or the release is at fault. Throws the signal's reason and failures of the sink.
 */
export async function fetchSplit(parts: FetchParts): Promise<void> {
  const split = new Split(parts)
  try {
    await split.run()
  } finally {
    await split.end()
  }
}

class Split {
  readonly #parts: FetchParts
  readonly #work: FetchWork
  readonly #plan: SplitPlan
  /** Of the mirrors that are asked, each with all its requests. */
  readonly #stops = new Map<PeerId, AbortController>()
  readonly #gone = new Set<PeerId>()
  /** Who sent anything: one that breaks off has failed, one that has nothing has not. */
  readonly #heard = new Set<PeerId>()
  #isOver = false

  constructor(parts: FetchParts) {
    this.#parts = parts
    this.#work = new FetchWork(parts)
    const { leafCount: leaves, done, hasRoot } = parts.download
    this.#plan = new SplitPlan({ leaves, done, hasRoot })
  }

  run(): Promise<void> {
    return this.#work.run(() => {
      if (this.#isOver || this.#plan.isComplete || this.#plan.isOver) return null
      for (const effect of this.#plan.decide(this.#parts.clock.now())) this.#carryOut(effect)
      return PLAN_TICK_MS
    })
  }

  /** Ends what is still under way; nothing is written afterwards. */
  async end(): Promise<void> {
    this.#isOver = true
    for (const stop of this.#stops.values()) stop.abort(new FederationError('E_CANCELLED', 'the fetch ended'))
    await this.#work.end()
    for (const peer of this.#stops.keys()) this.#remember(peer)
  }

  #remember(peer: PeerId): void {
    const speed = this.#plan.speedOf(peer)
    if (speed !== null && !this.#gone.has(peer))
      this.#parts.ports.mirrors?.brought(peer, speed, this.#parts.clock.now())
  }

  #carryOut(effect: SplitEffect): void {
    if (effect.do === 'find') this.#work.begin(() => this.#find())
    else if (effect.do === 'ask') this.#work.begin(() => this.#ask(effect.mirror, effect.request, effect.range))
    else this.#drop(effect.mirror, effect.why)
  }

  async #find(): Promise<void> {
    const { budget, ports, clock } = this.#parts
    const peer = budget.isSpent ? null : await this.#work.nextProvider()
    if (peer === null) this.#plan.exhausted()
    else this.#plan.join(peer, ports.mirrors?.speedOf(peer, clock.now()) ?? null)
  }

  #drop(peer: PeerId, why: 'stalled' | 'slow'): void {
    const stop = this.#stops.get(peer)
    this.#stops.delete(peer)
    this.#parts.ports.mirrors?.failed(peer, this.#parts.clock.now())
    stop?.abort(new FederationError('E_TOO_SLOW', `mirror ${why}`))
    this.#parts.onTried({ peer, why: 'E_TOO_SLOW' })
  }

  async #ask(peer: PeerId, request: number, range: LeafRange): Promise<void> {
    const { clock, budget, ports } = this.#parts
    const stop = this.#stops.get(peer) ?? new AbortController()
    this.#stops.set(peer, stop)
    const askedAt = clock.now()
    const why = await this.#answer(peer, range, budget.asking(), stop.signal)
    if (stop.signal.aborted) return
    this.#plan.ended(peer, request, why === null, clock.now())
    if (why === null) return
    this.#stops.delete(peer)
    this.#gone.add(peer)
    stop.abort(new FederationError('E_CANCELLED', 'the mirror failed another request'))
    budget.inVain(why === 'E_NOT_FOUND' ? 'not-here' : 'failed', askedAt)
    if (why === 'E_BUSY') ports.mirrors?.busy(peer, clock.now())
    else if (why !== 'E_NOT_FOUND' || this.#heard.has(peer)) ports.mirrors?.failed(peer, clock.now())
    this.#parts.onTried({ peer, why })
    if (why === 'other-layout') this.#isOver = true
  }

  /** null when all leaves of the range came, else why not. */
  async #answer(peer: PeerId, range: LeafRange, firstByteMs: number, signal: AbortSignal): Promise<string | null> {
    const { ports, download, clock } = this.#parts
    const reader = new AnswerReader(download, range)
    const payload = encodeContentRequest({ ask: 'artifact', root: download.artifact.cid, ...range })
    const counted = new CountedAnswer(bytes => ports.progress?.came(peer, bytes))
    const options = { signal, creditBytes: RANGE_CREDIT_BYTES, firstByteMs }
    try {
      for await (const message of ports.streams.request(peer, ports.protocol, payload, options)) {
        this.#heard.add(peer)
        this.#plan.bytesCame(peer, message.byteLength, clock.now())
        counted.came(message.byteLength)
        const fault = await reader.takeIn(message, index => {
          const bytes = leafBytesOf(download.artifact.size, index)
          this.#plan.leafCame(index)
          counted.isLeaf(bytes)
          ports.onBytes?.(peer, bytes)
        })
        if (fault !== null) return fault
        if (!download.hasRoot) continue
        this.#plan.rootCame()
        this.#work.wake()
      }
      const end = await reader.end()
      return end === 'incomplete' ? 'E_NOT_FOUND' : end
    } catch (error) {
      if (!(error instanceof FederationError) || isOwnFailure(error)) throw error
      return (await reader.settled()) ? error.code : 'altered'
    } finally {
      await reader.settled()
      counted.end()
    }
  }
}
