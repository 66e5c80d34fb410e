import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { type BlockId, encodeContentRequest, type PeerId } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { KeptStreams } from '../streams/kept-streams.ts'
import { PARALLEL_PROBES, PROBE_MS } from './limits.ts'
import { isBlockOf } from './root-block.ts'

/** What asking for holders runs on. */
export interface ProbeContext {
  readonly streams: Pick<KeptStreams, 'request'>
  readonly protocol: string
}

/**
 * Whether a peer says in time that it has an artifact: it is asked for none of the leaves, so it sends the root block, or nothing
 * where the only leaf is the root. Throws the signal's reason.
 */
export async function hasArtifact(
  { streams, protocol }: ProbeContext,
  peer: PeerId,
  root: BlockId,
  { signal }: { signal: AbortSignal },
): Promise<boolean> {
  return (await probe({ streams, protocol }, peer, root, { signal })) === 'held'
}

/** `unknown`: a peer that had no turn for this node said nothing of what it has. */
async function probe(
  { streams, protocol }: ProbeContext,
  peer: PeerId,
  root: BlockId,
  { signal }: { signal: AbortSignal },
): Promise<'held' | 'absent' | 'unknown'> {
  const request = encodeContentRequest({ ask: 'artifact', root, from: 0, count: 0 })
  const limit = AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)])
  try {
    for await (const block of streams.request(peer, protocol, request, { signal: limit }))
      return isBlockOf(root, block) ? 'held' : 'absent'
    return CID.parse(root).code === raw.code ? 'held' : 'absent'
  } catch (error) {
    signal.throwIfAborted()
    // Gone, slow, or without it: no holder to count on.
    return error instanceof FederationError && error.code === 'E_BUSY' ? 'unknown' : 'absent'
  }
}

/** The peers that say they have an artifact, as they answer; asked side by side, so that silent ones cost the others nothing. */
export async function* holdersAmong(
  context: ProbeContext,
  root: BlockId,
  peers: Iterable<PeerId>,
  { signal, onMiss = () => {} }: { signal: AbortSignal; onMiss?: (peer: PeerId) => void },
): AsyncGenerator<PeerId> {
  const leaving = new AbortController()
  const within = AbortSignal.any([signal, leaving.signal])
  const left = new Set(peers).values()
  const asked = new Map<PeerId, Promise<{ readonly peer: PeerId; readonly says: 'held' | 'absent' | 'unknown' }>>()
  const ask = (peer: PeerId) => {
    const answer = probe(context, peer, root, { signal: within }).then(says => ({ peer, says }))
    answer.catch(() => {}) // of those nobody waits for any more
    asked.set(peer, answer)
  }
  try {
    for (;;) {
      while (asked.size < PARALLEL_PROBES) {
        const next = left.next()
        if (next.done) break
        ask(next.value)
      }
      if (asked.size === 0) return
      const { peer, says } = await Promise.race(asked.values())
      asked.delete(peer)
      if (says === 'held') yield peer
      else if (says === 'absent') onMiss(peer)
    }
  } finally {
    leaving.abort()
  }
}
