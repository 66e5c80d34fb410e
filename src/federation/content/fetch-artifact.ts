import * as raw from 'multiformats/codecs/raw'
import { MAX_CONTENT_LEAVES, type PeerId } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { type Clock, systemClock } from '../streams/clock.ts'
import type { KeptStreams } from '../streams/kept-streams.ts'
import { ArtifactDownload } from './artifact-download.ts'
import { type ArtifactHash, hashHere } from './artifact-hash.ts'
import { type ArtifactSink, guarded, storeFailed, type WantedArtifact } from './artifact-writer.ts'
import { AskBudget } from './ask-budget.ts'
import { fetchLeaf } from './fetch-leaf.ts'
import { fetchSplit } from './fetch-split.ts'
import { leafCountOf } from './layout.ts'
import { LEAF_BYTES, MIN_SPLIT_LEAVES } from './limits.ts'
import type { MirrorMemory } from './mirror-memory.ts'
import { partsOfId } from './root-block.ts'

/** What a peer that was asked failed with. */
export interface Tried {
  readonly peer: PeerId
  readonly why: string
}

/**
 * How a fetch ended. `E_ARTIFACT_ALTERED`: a provider sent other bytes and none sent the right ones, or the release
 * contradicts itself (exit 5). `E_NO_PROVIDER`: nobody asked had all of it (exit 6).
 */
export type FetchOutcome =
  | {
      /** Who brought the most. */
      readonly from: PeerId
      /** Everybody who brought something, most first; bytes of leaves that were right. */
      readonly mirrors: readonly { readonly peer: PeerId; readonly bytes: number }[]
    }
  | {
      readonly failed: 'E_ARTIFACT_ALTERED' | 'E_NO_PROVIDER'
      /** Peers that sent altered bytes: their sessions are ended and `onOffence` was told. */
      readonly refused: readonly PeerId[]
      readonly tried: readonly Tried[]
    }

/** Told how far a transfer is, for people to see. */
export interface TransferProgress {
  /** Bytes that an earlier fetch left. */
  kept(bytes: number): void
  /** Bytes of the artifact as they come, before they are verified; below zero: some of those did not become leaves. */
  came(peer: PeerId, bytes: number): void
}

/** What asking for an artifact runs on. */
export interface FetchPorts {
  readonly streams: Pick<KeptStreams, 'request' | 'reportOffence'>
  readonly protocol: string
  /** How peers did as mirrors before; absent: nobody is asked beside a peer that is late. */
  readonly mirrors?: Pick<MirrorMemory, 'speedOf' | 'brought' | 'answered' | 'failed' | 'busy' | 'asked' | 'spare'>
  /** Told of the bytes of each leaf that was right. */
  readonly onBytes?: (peer: PeerId, bytes: number) => void
  /** Told of each peer that did not bring what it was asked for. */
  readonly onTried?: (tried: Tried) => void
  readonly progress?: TransferProgress
}

/** What a fetch runs on. */
export interface FetchContext extends FetchPorts {
  readonly sink: ArtifactSink
  /** Hashes a large artifact elsewhere; absent: all on this thread. */
  readonly openHash?: () => ArtifactHash
  readonly clock?: Clock
}

/**
 * Fetches an artifact: of one leaf from the first provider that brings it, a larger one from up to four at once, and after what an
 * earlier fetch kept. Every block is verified before it is written. Throws the signal's reason, `E_STORE_FAILED` when the sink fails,
 * `E_HASHING_FAILED` when the hash does, which costs nothing of what was written.
 */
export async function fetchArtifact(
  context: FetchContext,
  artifact: WantedArtifact,
  providers: AsyncIterable<PeerId> | Iterable<PeerId>,
  { signal }: { signal: AbortSignal },
): Promise<FetchOutcome> {
  signal.throwIfAborted()
  if (!isConsistent(artifact)) return { failed: 'E_ARTIFACT_ALTERED', refused: [], tried: [] }
  const isLarge = leafCountOf(artifact.size) >= MIN_SPLIT_LEAVES
  // First: it may throw, and what the sink began has to be ended.
  const hash = (isLarge ? context.openHash?.() : undefined) ?? hashHere()
  const writer = guarded(await context.sink.begin(artifact).catch(storeFailed))
  const download = new ArtifactDownload(artifact, writer, hash)
  let end: 'commit' | 'suspend' | 'discard' = 'suspend'
  try {
    signal.throwIfAborted()
    const kept = download.hasRoot ? null : await writer.kept()
    if (kept !== null) download.resume(kept)
    context.progress?.kept(download.doneBytes)
    signal.throwIfAborted()
    const outcome = await new Fetch(context, download, signal).from(providers)
    if ('from' in outcome) end = 'commit'
    else if (blamesRelease(outcome.tried.at(-1)?.why)) end = 'discard'
    return outcome
  } catch (error) {
    if (error instanceof FederationError && error.code === 'E_STORE_FAILED' && !isDiskFull(error.cause)) end = 'discard'
    throw error
  } finally {
    hash.close()
    if (end !== 'commit') await writer[end]()
  }
}

/** Whether no peer can bring what the release names. */
const blamesRelease = (why: string | undefined): boolean => why === 'other-layout' || why === 'other-digest'

/** Whether a sink says so: what it wrote before is as good as it was. */
const isDiskFull = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'E_DISK_FULL'

/** Whether CID, size and sha-256 can belong to one artifact: one leaf's CID is its sha-256, more need a root. */
function isConsistent({ cid, size, sha256 }: WantedArtifact): boolean {
  const { code, multihash } = partsOfId(cid)
  if (size > MAX_CONTENT_LEAVES * LEAF_BYTES) return false
  if (leafCountOf(size) > 1) return code !== raw.code
  const { buffer, byteOffset, byteLength } = multihash.digest
  return code === raw.code && Buffer.from(buffer, byteOffset, byteLength).toString('hex') === sha256
}

/** One fetch: who was asked and failed, and who brought how much. */
class Fetch {
  readonly #context: FetchContext
  readonly #download: ArtifactDownload
  readonly #signal: AbortSignal
  readonly #clock: Clock
  readonly #budget: AskBudget
  readonly #tried: Tried[] = []
  readonly #refused: PeerId[] = []
  readonly #bytes = new Map<PeerId, number>()

  constructor(context: FetchContext, download: ArtifactDownload, signal: AbortSignal) {
    this.#context = context
    this.#download = download
    this.#signal = signal
    this.#clock = context.clock ?? systemClock
    this.#budget = new AskBudget(this.#clock)
  }

  async from(providers: AsyncIterable<PeerId> | Iterable<PeerId>): Promise<FetchOutcome> {
    await this.#bring(providers)
    if (this.#download.isComplete) {
      const fault = await this.#download.finish()
      if (fault === null) return this.#outcome()
      this.#tried.push({ peer: this.#outcome().from, why: fault })
    }
    const isAltered = this.#refused.length > 0 || blamesRelease(this.#tried.at(-1)?.why)
    return {
      failed: isAltered ? 'E_ARTIFACT_ALTERED' : 'E_NO_PROVIDER',
      refused: this.#refused,
      tried: this.#tried,
    }
  }

  #outcome(): Extract<FetchOutcome, { readonly from: PeerId }> {
    const mirrors = [...this.#bytes].map(([peer, bytes]) => ({ peer, bytes })).toSorted((a, b) => b.bytes - a.bytes)
    return { from: mirrors[0]?.peer ?? ('' as PeerId), mirrors }
  }

  #came(peer: PeerId, bytes: number): void {
    this.#bytes.set(peer, (this.#bytes.get(peer) ?? 0) + bytes)
    this.#context.onBytes?.(peer, bytes)
  }

  #failed(tried: Tried): void {
    this.#tried.push(tried)
    this.#context.onTried?.(tried)
    if (tried.why !== 'altered') return
    this.#refused.push(tried.peer)
    this.#context.streams.reportOffence(tried.peer, 'block-altered')
  }

  async #bring(all: AsyncIterable<PeerId> | Iterable<PeerId>): Promise<void> {
    const providers = Symbol.asyncIterator in all ? all[Symbol.asyncIterator]() : all[Symbol.iterator]()
    const isOneLeaf = this.#download.hasRoot && this.#download.leafCount === 1
    try {
      await (isOneLeaf ? fetchLeaf : fetchSplit)({
        ports: { ...this.#context, onBytes: (peer, bytes) => this.#came(peer, bytes) },
        clock: this.#clock,
        download: this.#download,
        providers,
        budget: this.#budget,
        signal: this.#signal,
        onTried: tried => this.#failed(tried),
      })
    } finally {
      // Not waited for: it may be looking for more.
      Promise.resolve(providers.return?.()).catch(() => {})
    }
  }
}
