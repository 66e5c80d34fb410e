import type { BlockBroker } from 'helia'
import { type BlockId, encodeContentRequest, type PeerId, parseBlockAnswer } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import { systemClock } from '../streams/clock.ts'
import type { KeptStreams } from '../streams/kept-streams.ts'
import { AskBudget } from './ask-budget.ts'
import { TRANSFER_CREDIT_BYTES } from './limits.ts'
import { isBlockOf } from './root-block.ts'

/** What the broker runs on: kept streams and who may have a block, best first. */
export interface BlockBrokerContext {
  readonly streams: Pick<KeptStreams, 'request' | 'reportOffence'>
  readonly protocol: string
  readonly providersOf: (id: BlockId, options: { signal: AbortSignal }) => AsyncIterable<PeerId> | Iterable<PeerId>
}

type Found = { readonly block: Uint8Array } | 'not-here' | 'failed' | 'altered'

/** A block broker for Helia over the content protocol; throws `E_NO_PROVIDER` or `E_ARTIFACT_ALTERED`. */
export function createBlockBroker(context: BlockBrokerContext): BlockBroker {
  return {
    name: 'hanse-content',
    retrieve: async (cid, options = {}) => {
      const block = await retrieve(
        context,
        cid.toV1().toString() as BlockId,
        options.signal ?? new AbortController().signal,
      )
      await options.validateFn?.(block)
      return block
    },
  }
}

async function retrieve(context: BlockBrokerContext, id: BlockId, signal: AbortSignal): Promise<Uint8Array> {
  const asked = new Set<PeerId>()
  const budget = new AskBudget(systemClock)
  let altered = false
  for await (const peer of context.providersOf(id, { signal })) {
    if (asked.has(peer)) continue
    asked.add(peer)
    const found = await askForBlock(context, peer, id, { signal, firstByteMs: budget.asking() })
    if (typeof found === 'object') return found.block
    if (found === 'altered') {
      altered = true
      context.streams.reportOffence(peer, 'block-altered')
    }
    budget.inVain(found === 'not-here' ? found : 'failed')
    if (budget.isSpent) break
  }
  if (altered) throw new FederationError('E_ARTIFACT_ALTERED', `peers sent other bytes for ${id}`)
  throw new FederationError('E_NO_PROVIDER', `none of ${asked.size} peers has ${id}`)
}

async function askForBlock(
  { streams, protocol }: BlockBrokerContext,
  peer: PeerId,
  id: BlockId,
  { signal, firstByteMs }: { signal: AbortSignal; firstByteMs: number },
): Promise<Found> {
  const request = encodeContentRequest({ ask: 'blocks', cids: [id] })
  const options = { signal, creditBytes: TRANSFER_CREDIT_BYTES, firstByteMs }
  try {
    for await (const message of streams.request(peer, protocol, request, options)) {
      const block = parseBlockAnswer(message)
      if (block === null) return 'not-here'
      return block !== 'malformed' && isBlockOf(id, block) ? { block } : 'altered'
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!(error instanceof FederationError)) throw error
    return error.code === 'E_NOT_FOUND' ? 'not-here' : 'failed'
  }
  return 'failed'
}
