import { type FetchOutcome, fetchArtifact, type KeptStreams } from '../../federation/index.ts'
import type { Artifact, PeerId, PublisherId, Sha256 } from '../../protocol/index.ts'
import { type ArtifactStore, artifactSinkOf, StorageError } from '../storage/index.ts'

/** Artifacts fetched at once: each may hold up to 4 MiB of credit. */
const MAX_PARALLEL_FETCHES = 8

export interface ArtifactFetcherParts {
  readonly streams: KeptStreams
  readonly protocol: string
  readonly store: ArtifactStore
  /** Peers that may have a publisher's bytes, best first, the DHT last. */
  readonly providersOf: (publisher: PublisherId, signal: AbortSignal) => AsyncIterable<PeerId>
  readonly onFetched: (result: string) => void
}

/** How an artifact came here: `local` was here already. */
export type FetchedFrom = { readonly from: PeerId | 'local' } | Extract<FetchOutcome, { readonly failed: string }>

interface SharedFetch {
  readonly outcome: Promise<FetchOutcome>
  readonly abort: AbortController
  waiting: number
}

/** Brings artifacts here from peers, each once at a time however many ask for it. */
export class ArtifactFetcher {
  readonly #parts: ArtifactFetcherParts
  readonly #running = new Map<string, SharedFetch>()
  readonly #waiting: (() => void)[] = []
  #free = MAX_PARALLEL_FETCHES

  constructor(parts: ArtifactFetcherParts) {
    this.#parts = parts
  }

  /** Resolves once the artifact is held whole, or says why it is not. */
  async fetch(artifact: Artifact, publisher: PublisherId, signal: AbortSignal): Promise<FetchedFrom> {
    if (await isIntact(this.#parts.store, artifact.sha256)) return { from: 'local' }
    signal.throwIfAborted()
    const shared = this.#running.get(artifact.sha256) ?? this.#start(artifact, publisher)
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    shared.waiting++
    try {
      return await Promise.race([shared.outcome, aborted])
    } finally {
      signal.removeEventListener('abort', leave)
      shared.waiting--
      if (shared.waiting === 0) shared.abort.abort(signal.reason)
    }
  }

  /** The fetch goes on while anyone waits for it. */
  #start(artifact: Artifact, publisher: PublisherId): SharedFetch {
    const abort = new AbortController()
    const outcome = this.#fetch(artifact, publisher, abort.signal).finally(() => this.#running.delete(artifact.sha256))
    outcome.catch(() => {}) // whoever waits hears of it
    const shared = { outcome, abort, waiting: 0 }
    this.#running.set(artifact.sha256, shared)
    return shared
  }

  async #fetch(artifact: Artifact, publisher: PublisherId, signal: AbortSignal): Promise<FetchOutcome> {
    await this.#takePlace()
    try {
      signal.throwIfAborted()
      const { streams, protocol, store, providersOf, onFetched } = this.#parts
      const context = { streams, protocol, sink: artifactSinkOf(store) }
      const outcome = await fetchArtifact(context, artifact, providersOf(publisher, signal), { signal })
      onFetched('from' in outcome ? 'ok' : outcome.failed)
      return outcome
    } finally {
      this.#leavePlace()
    }
  }

  async #takePlace(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  #leavePlace(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
}

/** Whether an artifact is held and every leaf is what it should be; altered bytes withdraw it, so that it is fetched again. */
async function isIntact(store: ArtifactStore, sha256: Sha256): Promise<boolean> {
  const held = await store.open(sha256)
  if (held === null) return false
  try {
    for await (const _leaf of held.bytes);
    return true
  } catch (error) {
    if (error instanceof StorageError && error.code === 'E_ARTIFACT_MISMATCH') return false
    throw error
  }
}
