import {
  type Clock,
  FederationError,
  type FetchContext,
  type FetchOutcome,
  fetchArtifact,
} from '../../federation/index.ts'
import type { Artifact, PeerId, PublisherId, Sha256 } from '../../protocol/index.ts'
import { type ArtifactStore, artifactSinkOf, StorageError } from '../storage/index.ts'
import { BoundedMap } from '../upstream/bounded-map.ts'
import { DigestCheck, digestMarkOf, type ExpectedDigests } from '../upstream/npm/npm-digest.ts'
import { hurriedStreams } from './hurried-streams.ts'
import { MAX_CHECKED, MAX_HURRIED_FETCHES, MAX_HURRIED_PEERS, MAX_TRIED_ARTIFACTS, PATIENT_MS } from './limits.ts'

/** Bytes that somebody stated, and in whose name they are asked for. */
export interface StatedBytes {
  readonly publisher: PublisherId
  readonly artifact: Artifact
}

export interface PeerBytesParts {
  readonly streams: FetchContext['streams']
  readonly protocol: string
  readonly store: ArtifactStore
  readonly clock: Clock
  /** Whether this node takes such an artifact at all. */
  readonly isWanted: (artifact: Artifact) => boolean
  /** Told of bytes that came. */
  readonly onBrought: (artifact: Artifact) => Promise<void>
  /** Ms that peers get to their first bytes while the upstream can be asked too. */
  readonly hurriedMs: number
  /** Connected peers that are signed to hold these bytes and brought what they were asked for of late. */
  readonly connectedHolders: (bytes: StatedBytes) => readonly PeerId[]
  /** Everyone who may have them. */
  readonly providersOf: (bytes: StatedBytes, signal: AbortSignal) => AsyncIterable<PeerId>
  /** A peer did not bring in time what it was said to have. */
  readonly onMiss: (bytes: StatedBytes, peer: PeerId) => void
  /** This node could not store what it would have got; whoever else can be asked is. */
  readonly onProblem: (problem: unknown) => void
  /** Bytes that a publisher stated do not have the digest it stated with them. */
  readonly onLie: (bytes: StatedBytes) => void
}

/** hurry: somebody else can be asked. patience: nobody else can. */
export type Pace = 'hurry' | 'patience'

/**
 * Brings bytes here that publishers stated to be an upstream's. They stay the upstream's: no peer gets them from here unless this
 * node states them itself. Every block is checked as it arrives, and the whole against the upstream's digests before anyone gets it.
 */
export class PeerBytes {
  readonly #parts: PeerBytesParts
  readonly #checked = new BoundedMap<string, true>(MAX_CHECKED)
  #hurried = 0

  constructor(parts: PeerBytesParts) {
    this.#parts = parts
  }

  /** The sha-256 of bytes that are now here and have the expected digests; null: nobody brought any. */
  async bring(
    stated: readonly StatedBytes[],
    expected: ExpectedDigests | null,
    pace: Pace,
    signal: AbortSignal,
  ): Promise<Sha256 | null> {
    const bySha256 = Map.groupBy(stated, ({ artifact: { sha256, cid } }) => `${sha256} ${cid}`)
    for (const sayers of [...bySha256.values()].slice(0, MAX_TRIED_ARTIFACTS)) {
      const [{ artifact }] = sayers as [StatedBytes]
      if (!this.#parts.isWanted(artifact)) continue
      for (const bytes of sayers) {
        const isHere = (await this.#parts.store.has(artifact.sha256)) || (await this.#fetch(bytes, pace, signal))
        if (!isHere) continue
        if (await this.#isExpected(artifact.sha256, expected)) return artifact.sha256
        this.#parts.onLie(bytes)
        break
      }
    }
    return null
  }

  async #fetch(bytes: StatedBytes, pace: Pace, signal: AbortSignal): Promise<boolean> {
    const outcome = await this.#outcomeOf(bytes, pace, signal)
    if (outcome === null) return false
    if ('from' in outcome) {
      await this.#parts.onBrought(bytes.artifact)
      return true
    }
    for (const { peer, why } of outcome.tried) if (why !== 'E_NOT_FOUND') this.#parts.onMiss(bytes, peer)
    return false
  }

  async #outcomeOf(bytes: StatedBytes, pace: Pace, signal: AbortSignal): Promise<FetchOutcome | null> {
    try {
      return pace === 'hurry' ? await this.#hurry(bytes, signal) : await this.#ask(bytes, signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof StorageError || error instanceof FederationError)) throw error
      this.#parts.onProblem(error)
      return null
    }
  }

  async #hurry(bytes: StatedBytes, signal: AbortSignal): Promise<FetchOutcome | null> {
    const { streams, hurriedMs, clock, connectedHolders } = this.#parts
    const peers = connectedHolders(bytes).slice(0, MAX_HURRIED_PEERS)
    if (peers.length === 0 || this.#hurried >= MAX_HURRIED_FETCHES) return null
    this.#hurried++
    try {
      const hurried = hurriedStreams(streams, bytes.artifact.size, hurriedMs, clock)
      const endAt = clock.now() + hurriedMs
      // Whoever had nothing to say in the time of all leaves none for the next.
      const inTime = function* () {
        for (const peer of peers) {
          if (clock.now() >= endAt) return
          yield peer
        }
      }
      return await this.#run(hurried, bytes, inTime(), signal)
    } finally {
      this.#hurried--
    }
  }

  async #ask(bytes: StatedBytes, signal: AbortSignal): Promise<FetchOutcome | null> {
    const { streams, providersOf } = this.#parts
    const limit = AbortSignal.timeout(PATIENT_MS)
    const within = AbortSignal.any([signal, limit])
    try {
      return await this.#run(streams, bytes, providersOf(bytes, within), within)
    } catch (error) {
      if (limit.aborted && !signal.aborted) return null
      throw error
    }
  }

  async #run(
    streams: FetchContext['streams'],
    bytes: StatedBytes,
    peers: Iterable<PeerId> | AsyncIterable<PeerId>,
    signal: AbortSignal,
  ): Promise<FetchOutcome> {
    const { protocol, store, clock } = this.#parts
    await store.marks.markPulled([bytes.artifact.sha256])
    const context = { streams, protocol, sink: artifactSinkOf(store), clock }
    return await fetchArtifact(context, bytes.artifact, peers, { signal })
  }

  /** Whether the held bytes are what the upstream says; they are read once for each digest. */
  async #isExpected(sha256: Sha256, expected: ExpectedDigests | null): Promise<boolean> {
    if (expected === null) return true
    const key = `${sha256} ${digestMarkOf(expected)}`
    if (this.#checked.get(key)) return true
    const held = await this.#parts.store.open(sha256)
    if (held === null) return false
    const check = new DigestCheck(expected)
    try {
      for await (const chunk of held.bytes) check.update(chunk)
    } catch (error) {
      // Altered on this disk: the store has withdrawn them.
      if (error instanceof StorageError) return false
      throw error
    }
    const isRight = check.mismatch() === null
    if (isRight) this.#checked.set(key, true)
    return isRight
  }
}
