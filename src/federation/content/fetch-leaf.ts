import { encodeContentRequest, MAX_CREDIT_BYTES, MIN_CREDIT_BYTES, type PeerId } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { MAX_QUEUED_MS, MIN_BYTES_PER_SECOND } from '../streams/limits.ts'
import { AnswerReader } from './artifact-download.ts'
import { isOwnFailure } from './artifact-writer.ts'
import { CountedAnswer } from './counted-answer.ts'
import { type FetchParts, FetchWork } from './fetch-work.ts'
import { FASTER_RATIO, LATE_MS, LATE_TICK_MS, MAX_BESIDE } from './limits.ts'
import type { OpenAsk } from './mirror-load.ts'

/**
 * Brings an artifact of one leaf: from one provider after the other, and where one is late from another beside it. The first right
 * answer counts, the others are cancelled. Resolves when the leaf is here or nobody is left to ask. Throws the signal's reason and
 * failures of the sink.
 */
export async function fetchLeaf(parts: FetchParts): Promise<void> {
  const fetch = new LeafFetch(parts)
  try {
    await fetch.run()
  } finally {
    await fetch.end()
  }
}

interface Asked {
  readonly stop: AbortController
  /** null: nobody keeps in mind how peers do. */
  readonly ask: OpenAsk | null
  readonly askedMs: number
}

class LeafFetch {
  readonly #parts: FetchParts
  readonly #work: FetchWork
  readonly #seen = new Set<PeerId>()
  readonly #open = new Map<PeerId, Asked>()
  #isHere = false
  #isFinding = false
  #isExhausted = false
  /** Taken to ask peers beside others. */
  #spareBytes = 0

  constructor(parts: FetchParts) {
    this.#parts = parts
    this.#work = new FetchWork(parts)
  }

  run(): Promise<void> {
    return this.#work.run(() => {
      if (this.#isHere || this.#isOver) return null
      if (this.#wantsAnother()) this.#work.begin(() => this.#find())
      return this.#mayAskBeside ? this.#lookAgainMs() : Number.POSITIVE_INFINITY
    })
  }

  /** Ends what is still under way; nothing is written afterwards. */
  async end(): Promise<void> {
    const { ports, clock } = this.#parts
    for (const [peer, { stop, ask }] of this.#open) {
      // No failure: it had begun sooner, and another was here first.
      if (this.#isHere && ask?.isLate(clock.now())) ports.mirrors?.busy(peer, clock.now())
      stop.abort(new FederationError('E_CANCELLED', 'the fetch ended'))
    }
    await this.#work.end()
  }

  /** What was taken for others goes back where those are late and that much slower: then it is not this node's link that is. */
  #cameFrom(winner: Asked | undefined): void {
    const { ports, clock, download } = this.#parts
    const { size } = download.artifact
    const now = clock.now()
    const pace = winner?.ask?.paceAt(now) ?? 0
    const isMuchSlower = ({ ask }: Asked) => ask?.isLate(now) && ask.paceAt(now) * FASTER_RATIO <= pace
    const inVain = [...this.#open.values()].filter(each => each !== winner && !isMuchSlower(each)).length * size
    ports.mirrors?.spare.giveBack(Math.max(0, this.#spareBytes - inVain))
    ports.mirrors?.spare.earn(size)
  }

  get #isOver(): boolean {
    return this.#isExhausted && this.#open.size === 0 && !this.#isFinding
  }

  get #mayAskBeside(): boolean {
    const { ports } = this.#parts
    return ports.mirrors !== undefined && !this.#isFinding && !this.#isExhausted && this.#open.size < MAX_BESIDE
  }

  #wantsAnother(): boolean {
    if (this.#isFinding || this.#isExhausted) return false
    return this.#open.size === 0 || (this.#mayAskBeside && this.#areLate() && this.#takeSpare())
  }

  #areLate(): boolean {
    const now = this.#parts.clock.now()
    return [...this.#open.values()].every(({ ask }) => ask?.isLate(now))
  }

  #takeSpare(): boolean {
    const { ports, download } = this.#parts
    if (!ports.mirrors?.spare.take(download.artifact.size)) return false
    this.#spareBytes += download.artifact.size
    return true
  }

  /** Nothing is late right after it was asked for. */
  #lookAgainMs(): number {
    const lastMs = Math.max(...[...this.#open.values()].map(({ askedMs }) => askedMs))
    return Math.max(LATE_TICK_MS, lastMs + LATE_MS - this.#parts.clock.now())
  }

  async #find(): Promise<void> {
    this.#isFinding = true
    try {
      while (!this.#parts.budget.isSpent) {
        const peer = await this.#work.nextProvider()
        if (peer === null) break
        if (this.#seen.has(peer)) continue
        this.#seen.add(peer)
        return this.#work.begin(() => this.#ask(peer))
      }
      this.#isExhausted = true
    } finally {
      this.#isFinding = false
    }
  }

  async #ask(peer: PeerId): Promise<void> {
    const { ports, clock, budget, download } = this.#parts
    const stop = new AbortController()
    const askedMs = clock.now()
    const ask = ports.mirrors?.asked(peer, download.artifact.size, askedMs) ?? null
    this.#open.set(peer, { stop, ask, askedMs })
    const why = await this.#answer(peer, { ask, firstByteMs: budget.asking(), signal: stop.signal }).finally(() => {
      this.#open.delete(peer)
      ask?.over()
    })
    if (why === null) return ports.mirrors?.answered(peer)
    if (stop.signal.aborted && why !== 'altered') return
    budget.inVain(why === 'E_NOT_FOUND' ? 'not-here' : 'failed', askedMs)
    if (why === 'E_BUSY') ports.mirrors?.busy(peer, clock.now())
    else if (why !== 'E_NOT_FOUND') ports.mirrors?.failed(peer, clock.now())
    this.#parts.onTried({ peer, why })
  }

  /** null when the leaf came, else why this provider did not bring it. */
  async #answer(
    peer: PeerId,
    { ask, firstByteMs, signal }: { ask: OpenAsk | null; firstByteMs: number; signal: AbortSignal },
  ): Promise<string | null> {
    const { ports, clock, download } = this.#parts
    const { artifact } = download
    const reader = new AnswerReader(download, { from: 0, count: 1 })
    const counted = new CountedAnswer(bytes => ports.progress?.came(peer, bytes))
    const request = encodeContentRequest({ ask: 'artifact', root: artifact.cid, from: 0, count: 1 })
    // No more than it is: small ones do not keep each other waiting for the stream's credit.
    const creditBytes = Math.max(MIN_CREDIT_BYTES, artifact.size)
    // Of a peer that is asked for many, one answer may be slow and late by the others.
    const share = (MIN_BYTES_PER_SECOND * creditBytes) / MAX_CREDIT_BYTES
    const options = {
      signal,
      creditBytes,
      firstByteMs,
      queuedMs: MAX_QUEUED_MS,
      ...(ask && { minBytesPerSecond: share }),
    }
    try {
      for await (const message of ports.streams.request(peer, ports.protocol, request, options)) {
        ask?.came(message.byteLength, clock.now())
        counted.came(message.byteLength)
        if ((await reader.takeIn(message)) !== null) return 'altered'
      }
      const end = await reader.end()
      if (end !== null) return end === 'altered' ? end : 'E_NOT_FOUND'
      if (!this.#isHere) {
        this.#isHere = true
        this.#cameFrom(this.#open.get(peer))
        counted.isLeaf(artifact.size)
        ports.onBytes?.(peer, artifact.size)
      }
      return null
    } catch (error) {
      if (!(error instanceof FederationError) || isOwnFailure(error)) throw error
      return (await reader.settled()) ? error.code : 'altered'
    } finally {
      await reader.settled()
      counted.end()
    }
  }
}
