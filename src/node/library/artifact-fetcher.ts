import {
  type ArtifactHash,
  type FetchOutcome,
  fetchArtifact,
  type KeptStreams,
  type MirrorMemory,
  type Tried,
} from '../../federation/index.ts'
import { type Artifact, MAX_BLOCK_BYTES, type PeerId, type PublisherId } from '../../protocol/index.ts'
import { type ArtifactStore, artifactSinkOf, type DeniedBytes, requireAdmitted } from '../storage/index.ts'
import { type Transfer, type TransferNotes, Transfers } from './transfers.ts'

/** Places of fetches that run at once: the small packages of one install go out together, so that they cost one round trip. */
const FETCH_PLACES = 32
/** Places of an artifact of several leaves, of which up to eight are in memory at once: at most eight such artifacts. */
const LARGE_PLACES = 4
/** Why a peer may have failed that has the bytes; the memory of mirrors has it as slow or busy. */
const SAYS_NOTHING = new Set(['E_TOO_SLOW', 'E_BUSY'])

export interface ArtifactFetcherParts {
  readonly streams: KeptStreams
  readonly protocol: string
  readonly store: ArtifactStore
  /** Bytes that nobody is asked for. */
  readonly denied?: DeniedBytes
  /** Whether everyone may hear that this publisher names an artifact; absent: of all. */
  readonly isOpen?: (artifact: Artifact, publisher: PublisherId) => boolean
  /** Peers that may have an artifact of a publisher, best first; none for one that nobody may hear of. */
  readonly providersOf: (artifact: Artifact, publisher: PublisherId, signal: AbortSignal) => AsyncIterable<PeerId>
  /** Told of each peer that was asked for a publisher's bytes and did not bring them. */
  readonly onMiss?: (publisher: PublisherId, peer: PeerId) => void
  /** Told of each peer that brought some of a publisher's bytes. */
  readonly onBrought?: (publisher: PublisherId, peer: PeerId) => void
  /** How peers did as mirrors before. */
  readonly mirrors?: () => MirrorMemory
  /** Hashes a large artifact elsewhere than on this thread. */
  readonly openHash?: () => ArtifactHash
  readonly onFetched: (result: string) => void
}

/** How an artifact came here: `local` was here already. */
export type FetchedFrom = { readonly from: 'local' } | FetchOutcome

interface Waiting {
  readonly places: number
  readonly enter: () => void
}

interface SharedFetch {
  /** Whose providers are asked. */
  readonly publisher: PublisherId
  readonly outcome: Promise<FetchOutcome>
  readonly abort: AbortController
  readonly notes: TransferNotes
  waiting: number
}

/**
 * Brings artifacts here from peers, each once at a time however many ask for it. Two releases that name one sha-256 but other
 * CIDs or sizes are fetched apart, so that one publisher's false release is not another's.
 */
export class ArtifactFetcher {
  readonly #parts: ArtifactFetcherParts
  readonly #running = new Map<string, SharedFetch>()
  readonly #waiting = new Set<Waiting>()
  readonly #transfers = new Transfers()
  #free = FETCH_PLACES

  constructor(parts: ArtifactFetcherParts) {
    this.#parts = parts
  }

  /**
   * Resolves once the artifact is held whole, or says why it is not. What a peer sent is no secret of an upstream; bytes that were
   * held already stay as they were, because a release that only names them proves nothing.
   */
  async fetch(artifact: Artifact, publisher: PublisherId, signal: AbortSignal, asked?: string): Promise<FetchedFrom> {
    const { denied } = this.#parts
    if (denied !== undefined) requireAdmitted(denied, artifact)
    const outcome = await this.#bring(artifact, publisher, signal, asked)
    if (!('from' in outcome) || outcome.from === 'local') return outcome
    await this.#parts.store.marks.unmarkPulled(artifact.sha256)
    return outcome
  }

  /** What peers are sending now. */
  transfers(): readonly Transfer[] {
    return this.#transfers.list()
  }

  #isOpen(artifact: Artifact, publisher: PublisherId): boolean {
    return this.#parts.isOpen?.(artifact, publisher) ?? true
  }

  async #bring(
    artifact: Artifact,
    publisher: PublisherId,
    signal: AbortSignal,
    asked: string | undefined,
  ): Promise<FetchedFrom> {
    if (await isIntact(this.#parts.store, artifact)) return { from: 'local' }
    signal.throwIfAborted()
    const shared = this.#running.get(keyOf(artifact)) ?? this.#start(artifact, publisher)
    if (asked !== undefined) shared.notes.asked(asked)
    const outcome = await this.#joined(keyOf(artifact), shared, signal)
    const isOfOthers = 'failed' in outcome && shared.publisher !== publisher
    return isOfOthers ? await this.#bring(artifact, publisher, signal, asked) : outcome
  }

  /** The fetch goes on while anyone waits for it. */
  #start(artifact: Artifact, publisher: PublisherId): SharedFetch {
    const abort = new AbortController()
    const key = keyOf(artifact)
    const notes = this.#transfers.notesOf(artifact, publisher)
    const outcome = this.#fetch(artifact, publisher, notes, abort.signal).finally(() => this.#forget(key, shared))
    outcome.catch(() => {}) // whoever waits hears of it
    const shared: SharedFetch = { publisher, outcome, abort, notes, waiting: 0 }
    this.#running.set(key, shared)
    return shared
  }

  /** Waits for a fetch as long as the signal lets it; the last to leave ends it, and whoever comes then starts another. */
  async #joined(key: string, shared: SharedFetch, signal: AbortSignal): Promise<FetchOutcome> {
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const leave = () => {
      reject(signal.reason)
      shared.waiting--
      if (shared.waiting > 0) return
      this.#forget(key, shared)
      shared.abort.abort(signal.reason)
    }
    shared.waiting++
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await Promise.race([shared.outcome, aborted])
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  #forget(key: string, shared: SharedFetch): void {
    if (this.#running.get(key) === shared) this.#running.delete(key)
  }

  async #fetch(
    artifact: Artifact,
    publisher: PublisherId,
    progress: TransferNotes,
    signal: AbortSignal,
  ): Promise<FetchOutcome> {
    const places = artifact.size > MAX_BLOCK_BYTES ? LARGE_PLACES : 1
    await this.#takePlaces(places, signal)
    const leaving = new AbortController()
    const seeking = AbortSignal.any([signal, leaving.signal])
    try {
      signal.throwIfAborted()
      const { streams, protocol, store, providersOf, onMiss, mirrors, openHash, onFetched } = this.#parts
      const onTried = ({ peer, why }: Tried) => (SAYS_NOTHING.has(why) ? undefined : onMiss?.(publisher, peer))
      const memory = mirrors?.()
      const ports = { streams, protocol, onTried, progress, ...(memory && { mirrors: memory }) }
      const context = { ...ports, sink: artifactSinkOf(store), ...(openHash && { openHash }) }
      progress.begins()
      const isOpen = this.#isOpen(artifact, publisher)
      // Before they are here: no stranger's record is to open what came from an audience.
      if (!isOpen) await store.marks.markListed(artifact.sha256, publisher)
      const outcome = await fetchArtifact(context, artifact, providersOf(artifact, publisher, seeking), { signal })
      if ('from' in outcome) for (const { peer } of outcome.mirrors) this.#parts.onBrought?.(publisher, peer)
      if (isOpen && 'from' in outcome) await store.marks.unmarkListed(artifact.sha256)
      onFetched('from' in outcome ? 'ok' : outcome.failed)
      return outcome
    } finally {
      progress.ends()
      leaving.abort()
      this.#leavePlaces(places)
    }
  }

  async #takePlaces(places: number, signal: AbortSignal): Promise<void> {
    if (this.#waiting.size === 0 && this.#free >= places) {
      this.#free -= places
      return
    }
    const { promise: placed, resolve, reject } = Promise.withResolvers<void>()
    const waiting = { places, enter: resolve }
    const leave = () => {
      if (!this.#waiting.delete(waiting)) return
      reject(signal.reason)
      this.#leavePlaces(0)
    }
    this.#waiting.add(waiting)
    signal.addEventListener('abort', leave, { once: true })
    await placed.finally(() => signal.removeEventListener('abort', leave))
  }

  #leavePlaces(places: number): void {
    this.#free += places
    for (const next of this.#waiting) {
      if (this.#free < next.places) return
      this.#waiting.delete(next)
      this.#free -= next.places
      next.enter()
    }
  }
}

const keyOf = ({ sha256, cid, size }: Artifact): string => `${sha256}/${cid}/${size}`

/** Whether exactly this artifact is held and undamaged; what is altered is fetched again. */
async function isIntact(store: ArtifactStore, { sha256, cid, size }: Artifact): Promise<boolean> {
  const stat = await store.stat(sha256)
  return stat?.cid === cid && stat.size === size && (await store.isIntact(sha256))
}
