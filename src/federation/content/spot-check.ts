import { CID } from 'multiformats/cid'
import * as raw from 'multiformats/codecs/raw'
import { type BlockId, encodeContentRequest, type PeerId, parseBlockAnswer } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { WantedArtifact } from './artifact-writer.ts'
import { MAX_CHECKED_LEAVES, SPOT_CHECK_MS, TRANSFER_CREDIT_BYTES } from './limits.ts'
import type { ProbeContext } from './probe-holders.ts'
import { isBlockOf, leavesOfRoot } from './root-block.ts'

/** What a peer showed of an artifact: the very blocks, none of them, other bytes, or nothing in time. */
export type SpotCheck = 'held' | 'absent' | 'altered' | 'silent'

/**
 * Asks a peer for leaves of an artifact picked by chance, and checks their bytes: to pass by luck it has to keep nearly all of them.
 * At most 2 MiB come. `random` is 0 to below 1. Throws the signal's reason.
 */
export async function spotCheck(
  context: ProbeContext,
  peer: PeerId,
  { cid, size }: Pick<WantedArtifact, 'cid' | 'size'>,
  { random, signal }: { readonly random: () => number; readonly signal: AbortSignal },
): Promise<SpotCheck> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(SPOT_CHECK_MS)])
  try {
    const [root] = await blocksOf(context, peer, [cid], within)
    if (root === undefined || root === null) return 'absent'
    if (CID.parse(cid).code === raw.code) return isBlockOf(cid, root) ? 'held' : 'altered'
    const verdict = leavesOfRoot(cid, root, size)
    if (typeof verdict === 'string') return verdict === 'altered' ? 'altered' : 'absent'
    const picked = pickSome(verdict.leaves, MAX_CHECKED_LEAVES, random)
    const leaves = await blocksOf(context, peer, picked, within)
    if (picked.some((_, i) => leaves[i] == null)) return 'absent'
    return picked.every((id, i) => isBlockOf(id, leaves[i]!)) ? 'held' : 'altered'
  } catch (error) {
    signal.throwIfAborted()
    return error instanceof FederationError && error.code === 'E_NOT_FOUND' ? 'absent' : 'silent'
  }
}

/** The blocks as they were answered, unchecked; null is one that is not there for this node. */
async function blocksOf(
  { streams, protocol }: ProbeContext,
  peer: PeerId,
  cids: readonly BlockId[],
  signal: AbortSignal,
): Promise<(Uint8Array | null)[]> {
  const request = encodeContentRequest({ ask: 'blocks', cids: [...cids] })
  const blocks: (Uint8Array | null)[] = []
  for await (const message of streams.request(peer, protocol, request, {
    signal,
    creditBytes: TRANSFER_CREDIT_BYTES,
  })) {
    const block = parseBlockAnswer(message)
    blocks.push(block === 'malformed' ? message : block)
    if (blocks.length === cids.length) break
  }
  return blocks
}

function pickSome<T>(of: readonly T[], count: number, random: () => number): T[] {
  const left = [...of]
  return Array.from({ length: Math.min(count, left.length) }, () => {
    const [picked] = left.splice(Math.floor(random() * left.length), 1)
    return picked!
  })
}
