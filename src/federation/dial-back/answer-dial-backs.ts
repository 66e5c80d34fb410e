import { encodeDialBackAnswer, type PeerId, parseDialBackRequest } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { RequestHandler } from '../streams/answering-stream.ts'
import type { Clock } from '../streams/clock.ts'
import { TokenBucket } from '../streams/token-bucket.ts'
import { DIAL_BACKS_IN_ALL, DIAL_MS } from './limits.ts'

export interface AnswerDialBacksPorts {
  /**
   * The multiaddr to dial for one that a peer named, or null: only where the peer's own connection comes from, so that nobody can
   * make this node dial others.
   */
  targetOf(address: string, peer: PeerId): Promise<string | null>
  /** Dials a new connection to the peer, however many there are, and closes it; false when it does not lead to that peer. */
  dial(target: string, peer: PeerId, signal: AbortSignal): Promise<boolean>
  readonly clock: Clock
}

/** Answers peers that ask whether they can be dialled: one peer at a time, one address after the other. */
export function answerDialBacks(ports: AnswerDialBacksPorts): RequestHandler {
  const { clock, targetOf } = ports
  const all = new TokenBucket(DIAL_BACKS_IN_ALL, clock.now())
  let isDialling = false
  return async function* answer({ peer, payload, signal }) {
    const addresses = parseDialBackRequest(payload)
    if (isDialling || all.waitMsOf(1, clock.now()) > 0) throw new FederationError('E_BUSY', 'dialling others back')
    all.charge(1, clock.now())
    isDialling = true
    try {
      const reached = new Set<string>()
      const failed = new Set<string>()
      for (const address of addresses) {
        const target = await targetOf(address, peer)
        if (target === null || reached.has(target) || failed.has(target)) continue
        const isReached = await dialWithin(ports, target, peer, signal)
        ;(isReached ? reached : failed).add(target)
      }
      yield encodeDialBackAnswer({ reached: [...reached], failed: [...failed] })
    } finally {
      isDialling = false
    }
  }
}

async function dialWithin(
  { clock, dial }: AnswerDialBacksPorts,
  target: string,
  peer: PeerId,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted()
  const deadline = new AbortController()
  const cancelTimer = clock.after(DIAL_MS, () => deadline.abort(new Error('not reached in time')))
  try {
    return await dial(target, peer, AbortSignal.any([signal, deadline.signal]))
  } catch {
    return false
  } finally {
    cancelTimer()
  }
}
