import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { encodeContentRequest, MAX_CONTENT_LEAVES, type PeerId } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { type Clock, systemClock } from '../streams/clock.ts'
import type { KeptStreams } from '../streams/kept-streams.ts'
import { ArtifactDownload, type ArtifactSink, type DownloadFault, type WantedArtifact } from './artifact-download.ts'
import { AskBudget } from './ask-budget.ts'
import { leafCountOf } from './layout.ts'
import { LEAF_BYTES, TRANSFER_CREDIT_BYTES } from './limits.ts'

/**
 * How a fetch ended. `E_ARTIFACT_ALTERED`: a provider sent other bytes and none sent the right ones, or the release
 * contradicts itself (exit 5). `E_NO_PROVIDER`: nobody asked had all of it (exit 6).
 */
export type FetchOutcome =
  | { readonly from: PeerId }
  | {
      readonly failed: 'E_ARTIFACT_ALTERED' | 'E_NO_PROVIDER'
      /** Peers that sent altered bytes: their sessions are ended and `onOffence` was told. */
      readonly refused: readonly PeerId[]
      /** What each peer that was asked failed with. */
      readonly tried: readonly { readonly peer: PeerId; readonly why: string }[]
    }

/** What a fetch runs on. */
export interface FetchContext {
  readonly streams: Pick<KeptStreams, 'request' | 'reportOffence'>
  readonly protocol: string
  readonly sink: ArtifactSink
  readonly clock?: Clock
}

/**
 * Fetches an artifact from the first provider that has it, going on at the first missing leaf with the next, and after what an
 * earlier fetch kept. Every block is verified before it is written. Throws the signal's reason, `E_STORE_FAILED` when the sink fails.
 */
export async function fetchArtifact(
  context: FetchContext,
  artifact: WantedArtifact,
  providers: AsyncIterable<PeerId> | Iterable<PeerId>,
  { signal }: { signal: AbortSignal },
): Promise<FetchOutcome> {
  signal.throwIfAborted()
  if (!isConsistent(artifact)) return { failed: 'E_ARTIFACT_ALTERED', refused: [], tried: [] }
  const writer = guarded(await context.sink.begin(artifact).catch(storeFailed))
  const download = new ArtifactDownload(artifact, writer)
  let end: 'commit' | 'suspend' | 'discard' = 'suspend'
  try {
    const kept = await writer.kept()
    if (kept !== null) await download.resume(kept).catch(storeFailed)
    const outcome = await fetchFrom(context, artifact, download, providers, signal)
    if ('from' in outcome) end = 'commit'
    else if (blamesRelease(outcome.tried.at(-1)?.why)) end = 'discard'
    return outcome
  } catch (error) {
    if (error instanceof FederationError && error.code === 'E_STORE_FAILED' && !isDiskFull(error.cause)) end = 'discard'
    throw error
  } finally {
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
  const { code, multihash } = CID.parse(cid)
  if (size > MAX_CONTENT_LEAVES * LEAF_BYTES) return false
  if (leafCountOf(size) > 1) return code !== raw.code
  return code === raw.code && Buffer.from(multihash.digest).toString('hex') === sha256
}

async function fetchFrom(
  context: FetchContext,
  artifact: WantedArtifact,
  download: ArtifactDownload,
  providers: AsyncIterable<PeerId> | Iterable<PeerId>,
  signal: AbortSignal,
): Promise<FetchOutcome> {
  const tried: { peer: PeerId; why: string }[] = []
  const refused: PeerId[] = []
  const asked = new Set<PeerId>()
  const budget = new AskBudget(context.clock ?? systemClock)
  for await (const peer of providers) {
    if (asked.has(peer)) continue
    asked.add(peer)
    const why = await askProvider(context, artifact, download, peer, { signal, firstByteMs: budget.asking() })
    if (why === null) return { from: peer }
    tried.push({ peer, why })
    if (blamesRelease(why)) return { failed: 'E_ARTIFACT_ALTERED', refused, tried }
    budget.inVain(why === 'E_NOT_FOUND' ? 'not-here' : 'failed')
    if (why === 'altered') {
      refused.push(peer)
      context.streams.reportOffence(peer, 'block-altered')
    }
    if (budget.isSpent) break
  }
  return { failed: refused.length > 0 ? 'E_ARTIFACT_ALTERED' : 'E_NO_PROVIDER', refused, tried }
}

/** null when the artifact is complete and committed, else why this provider did not complete it. */
async function askProvider(
  { streams, protocol }: FetchContext,
  { cid }: WantedArtifact,
  download: ArtifactDownload,
  peer: PeerId,
  { signal, firstByteMs }: { signal: AbortSignal; firstByteMs: number },
): Promise<DownloadFault | string | null> {
  download.startAnswer()
  const request = encodeContentRequest({ ask: 'artifact', root: cid, from: download.from, count: download.missing })
  const options = { signal, creditBytes: TRANSFER_CREDIT_BYTES, firstByteMs }
  try {
    for await (const message of streams.request(peer, protocol, request, options)) {
      const fault = await download.takeIn(message)
      if (fault !== null) return fault
    }
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof FederationError && error.code !== 'E_STORE_FAILED') return error.code
    throw error
  }
  return download.isComplete ? download.finish() : 'E_NOT_FOUND'
}

function storeFailed(cause: unknown): never {
  throw new FederationError('E_STORE_FAILED', 'artifact could not be stored', { cause })
}

function guarded(writer: Awaited<ReturnType<ArtifactSink['begin']>>): typeof writer {
  return {
    kept: () => writer.kept().catch(storeFailed),
    writeRoot: block => writer.writeRoot(block).catch(storeFailed),
    writeLeaf: (index, leaf) => writer.writeLeaf(index, leaf).catch(storeFailed),
    commit: () => writer.commit().catch(storeFailed),
    suspend: () => writer.suspend().catch(storeFailed),
    discard: () => writer.discard().catch(storeFailed),
  }
}
