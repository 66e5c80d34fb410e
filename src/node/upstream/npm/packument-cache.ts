import { abortable } from '../../abortable.ts'
import { BoundedMap } from '../bounded-map.ts'
import { UpstreamError } from '../errors.ts'
import { ExpiringMap } from '../expiring-map.ts'
import { SingleFlight } from '../single-flight.ts'
import type { UpstreamClient } from '../upstream-client.ts'
import { AbsentNames } from './absent-names.ts'
import { type FetchedPackument, fetchPackument, isOutage, isRefusal, isSame } from './fetch-packument.ts'
import { seenVersionsOf } from './first-seen.ts'
import { type HeldPackument as Held, weightOf } from './held-packument.ts'
import { KeptPackument } from './kept-packument.ts'
import { MAX_REFUSALS, MEMORY_BYTES, MISS_MS, REFRESH_PAUSE_MS, VERSION_MISS_MS } from './limits.ts'
import type { PackumentStore } from './packument-store.ts'
import { parsePackument } from './parse-packument.ts'

export interface PackumentCacheOptions {
  readonly client: UpstreamClient
  readonly store: PackumentStore
  readonly trustTime: boolean
  /** Ms for which a document is taken as it is. */
  readonly freshMs: number
  /** Ms that one fetch may take. */
  readonly totalMs: number
  /** Ms since 1970. */
  readonly now: () => number
  /** Aborted when the upstream closes. */
  readonly closing: AbortSignal
  /** Told what went wrong where no caller waits for it. */
  readonly onProblem: (problem: unknown) => void
}

/** Documents of one upstream: fresh ones as they are, stale ones at once and renewed behind it, absent ones remembered. */
export class PackumentCache {
  readonly #options: PackumentCacheOptions
  readonly #held = new BoundedMap<string, Held>(MEMORY_BYTES, weightOf)
  readonly #absent: AbsentNames
  /** Documents that cost much and were refused: asked for again no sooner than absent ones. */
  readonly #refusals: ExpiringMap<string, UpstreamError>
  readonly #reads = new SingleFlight<string, Held | null>()
  readonly #refreshes = new SingleFlight<string, KeptPackument | null>()

  constructor(options: PackumentCacheOptions) {
    this.#options = options
    this.#absent = new AbsentNames(options.now)
    this.#refusals = new ExpiringMap(MAX_REFUSALS, MISS_MS, options.now)
  }

  /** The document of a name, or null when the upstream has none. @throws UpstreamError when it cannot say and none is held. */
  async packument(name: string, signal: AbortSignal): Promise<KeptPackument | null> {
    if (this.#absent.isFresh(name)) return null
    const held = this.#held.get(name) ?? (await this.#reads.run(name, () => this.#read(name)))
    if (held === null || held.kept === null) return await this.#ask(name, signal)
    if (!this.#isYounger(held, this.#options.freshMs)) this.#refreshBehind(name, held)
    return held.kept
  }

  /** The document, asked for again unless that was done a moment ago: for a version that the held one does not list. */
  async renewed(name: string, signal: AbortSignal): Promise<KeptPackument | null> {
    const held = this.#held.get(name)
    if (held !== undefined && this.#isYounger(held, VERSION_MISS_MS)) return held.kept
    return await this.#refreshFor(name, signal)
  }

  /** Whether the upstream said last that it had this package no longer: then nothing of it is served unasked. */
  async isGone(name: string): Promise<boolean> {
    const held = this.#held.get(name) ?? (await this.#reads.run(name, () => this.#read(name)))
    return held?.isGone ?? false
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await this.#reads.settled()
    await this.#refreshes.settled()
  }

  #isYounger({ fetchedAt }: Held, ms: number): boolean {
    const age = this.#options.now() - fetchedAt
    return age >= 0 && age < ms
  }

  /** What the store has of a name: without bytes it is as if gone, except for its facts. */
  async #read(name: string): Promise<Held | null> {
    const stored = await this.#options.store.read(name)
    // A renewal may have overtaken this reading.
    const newer = this.#held.get(name)
    if (newer !== undefined || stored === null) return newer ?? null
    const { facts, gzipped, fetchedAt, isGone } = stored
    const kept = gzipped === null ? null : new KeptPackument(facts, gzipped)
    return this.#hold({ kept, isGone, facts, fetchedAt, pausedUntil: 0 })
  }

  #hold(held: Held): Held {
    if (held.kept !== null) this.#absent.delete(held.facts.name)
    this.#held.set(held.facts.name, held)
    return held
  }

  /** During an outage what was absent stays absent: a client that gets an error instead tries again for half a minute. */
  async #ask(name: string, signal: AbortSignal): Promise<KeptPackument | null> {
    try {
      return await this.#refreshFor(name, signal)
    } catch (error) {
      if (isOutage(error) && this.#absent.isLastWord(name)) return null
      throw error
    }
  }

  #refreshFor(name: string, signal: AbortSignal): Promise<KeptPackument | null> {
    const refresh = this.#refreshes.run(name, () => this.#refresh(name))
    return abortable(refresh, signal)
  }

  #refreshBehind(name: string, held: Held): void {
    const { now, onProblem, client } = this.#options
    if (now() < held.pausedUntil || client.isResting || this.#refusals.get(name) !== undefined) return
    this.#refreshes
      .run(name, () => this.#refresh(name))
      .catch(problem => {
        held.pausedUntil = now() + REFRESH_PAUSE_MS
        onProblem(problem)
      })
  }

  async #refresh(name: string): Promise<KeptPackument | null> {
    const refusal = this.#refusals.get(name)
    if (refusal !== undefined) throw refusal
    try {
      return await this.#fetch(name)
    } catch (error) {
      if (isRefusal(error)) this.#refusals.set(name, error)
      throw error
    }
  }

  async #fetch(name: string): Promise<KeptPackument | null> {
    const { client, totalMs, closing } = this.#options
    const held = this.#held.get(name) ?? (await this.#read(name))
    const fetched = await fetchPackument(client, name, held?.kept ? held.facts : null, totalMs, closing)
    if (fetched.kind === 'absent') return await this.#miss(name, held)
    if (held?.kept && (fetched.kind === 'unchanged' || isSame(fetched, held.facts)))
      return this.#confirm(held, held.kept)
    return fetched.kind === 'document' ? await this.#take(name, fetched, held) : null
  }

  /** What was held is let go of, on the disk too: a version taken down must not come back with a restart. */
  async #miss(name: string, held: Held | null): Promise<null> {
    this.#absent.add(name)
    if (held === null) return null
    const { facts } = held
    const fetchedAt = this.#options.now()
    this.#hold({ ...held, kept: null, isGone: true, fetchedAt })
    if (!held.isGone) await this.#keep(() => this.#options.store.write({ facts, gzipped: null, fetchedAt }))
    return null
  }

  async #confirm(held: Held, kept: KeptPackument): Promise<KeptPackument> {
    held.fetchedAt = this.#options.now()
    this.#hold(held)
    await this.#keep(() => this.#options.store.touch(held.facts.name, held.fetchedAt))
    return kept
  }

  async #take(name: string, fetched: Document, held: Held | null): Promise<KeptPackument | null> {
    const parsed = parsePackument(name, fetched.bytes)
    if (parsed === null) return await this.#miss(name, held)
    const { trustTime, now, onProblem } = this.#options
    const fetchedAt = now()
    const { revision, etag, lastModified, gzipped } = fetched
    const seen = seenVersionsOf(parsed.document, held?.facts.seen ?? null, trustTime, fetchedAt)
    const facts = { name, revision, etag, lastModified, seen }
    if (parsed.dropped > 0) onProblem(droppedOf(name, parsed.dropped))
    const kept = new KeptPackument(facts, gzipped, parsed.document)
    this.#hold({ kept, isGone: false, facts, fetchedAt, pausedUntil: 0 })
    await this.#keep(() => this.#options.store.write({ facts, gzipped, fetchedAt }))
    return kept
  }

  /** A store that cannot write makes the node slower, not wrong: people hear of it, callers get their answer. */
  async #keep(write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (problem) {
      this.#options.onProblem(problem)
    }
  }
}

type Document = Extract<FetchedPackument, { readonly kind: 'document' }>

function droppedOf(name: string, dropped: number): UpstreamError {
  return new UpstreamError('E_UPSTREAM_DOCUMENT', `${dropped} versions of ${name} are no versions and were left out`)
}
