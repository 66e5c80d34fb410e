import { stat, utimes, writeFile } from 'node:fs/promises'
import type { PublisherId } from '../../protocol/index.ts'

/** A node that was away for longer asks first, ms: in less, little changes, and restarts stay quick. */
export const AWAY_MS = 5 * 60_000
/** Peers to hear, fewer where fewer are known: one liar or laggard does not matter. */
const PEERS_TO_HEAR = 3
/** How often a running node notes that it is there, ms. */
const NOTE_EVERY_MS = 60_000

interface CatchUpParts {
  /** File whose time says when this node was there last. */
  readonly path: string
  /** Publishers whose withdrawals matter before anything is served: those that something may be installed from. */
  readonly publishers: readonly PublisherId[]
  /** How long it is waited for peers, ms: a node that cannot hear any serves what it has. */
  readonly limitMs: number
  /** Peers this node knows how to reach. */
  readonly knownPeers: number
  /** Resolves with how many peers told all of the publishers' heads once all of it is held, or when the signal aborts. */
  readonly caughtUp: (publishers: readonly PublisherId[], peers: number, signal: AbortSignal) => Promise<number>
}

/** What is known of how fresh this node's records are since it started. */
export type Freshness =
  | 'catching up'
  | 'unknown: no peer was heard since the start'
  | 'heard peers since the start'
  | 'was not away'

/**
 * What happened while a node was away, withdrawals above all, is asked for before anything is installed from its records; within a
 * bound, after which it serves what it has and says so.
 */
export class CatchUp implements AsyncDisposable {
  /** Resolves when installs may be answered. */
  readonly ready: Promise<void>
  readonly #path: string
  readonly #timer: NodeJS.Timeout
  readonly #stop = new AbortController()
  #freshness: Freshness = 'was not away'

  /** `peers`: as many as are waited for; null: nothing is to be caught up on. */
  private constructor(parts: CatchUpParts, peers: number | null) {
    this.#path = parts.path
    this.#timer = setInterval(() => void this.#note(), NOTE_EVERY_MS).unref()
    this.ready = peers === null ? Promise.resolve() : this.#hear(parts, peers)
  }

  static async start(parts: CatchUpParts): Promise<CatchUp> {
    const { path, publishers, knownPeers } = parts
    const lastThere = await timeOf(path)
    // A clock that went back says nothing of how long it was.
    const wasAway = lastThere !== null && Math.abs(Date.now() - lastThere) >= AWAY_MS
    const isNeeded = wasAway && publishers.length > 0
    const catchUp = new CatchUp(parts, isNeeded ? Math.min(PEERS_TO_HEAR, knownPeers) : null)
    await catchUp.#note()
    return catchUp
  }

  get freshness(): Freshness {
    return this.#freshness
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort()
    await this.ready
    await this.#note()
  }

  async #hear({ publishers, limitMs, caughtUp }: CatchUpParts, peers: number): Promise<void> {
    this.#freshness = 'catching up'
    const stop = this.#stop.signal
    const limit = AbortSignal.any([stop, AbortSignal.timeout(limitMs)])
    // Who knows no peer waits for none, and knows as little as who hears none.
    const heard = peers === 0 ? 0 : await caughtUp(publishers, peers, limit)
    this.#heard(heard)
    if (heard === 0 && !stop.aborted) void caughtUp(publishers, 1, stop).then(later => this.#heard(later))
  }

  #heard(peers: number): void {
    this.#freshness = peers > 0 ? 'heard peers since the start' : 'unknown: no peer was heard since the start'
  }

  /** A home that cannot be written to is told of elsewhere. */
  async #note(): Promise<void> {
    const now = new Date()
    await utimes(this.#path, now, now).catch(() => writeFile(this.#path, '', { mode: 0o600 }).catch(() => {}))
  }
}

async function timeOf(path: string): Promise<number | null> {
  return await stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => null,
  )
}
