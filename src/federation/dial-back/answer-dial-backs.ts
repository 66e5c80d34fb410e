import { encodeDialBackAnswer, type PeerId, parseDialBackRequest } from '../../protocol/index.ts'
import { FederationError } from '../errors.ts'
import type { RequestHandler } from '../streams/answering-stream.ts'
import type { Clock } from '../streams/clock.ts'
import { TokenBucket } from '../streams/token-bucket.ts'
import { unlessAborted } from '../streams/unless-aborted.ts'
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

const LATE: unique symbol = Symbol('late')

/**
 * Answers peers that ask whether they can be dialled: one peer at a time, one address after the other. An address whose name takes long to
 * look up is the last of its answer, and whoever asks meanwhile is told busy: a look-up holds a thread, of which nobody gets two.
 */
export function answerDialBacks(ports: AnswerDialBacksPorts): RequestHandler {
  const { clock, targetOf } = ports
  const all = new TokenBucket(DIAL_BACKS_IN_ALL, clock.now())
  let isDialling = false
  return async function* answer({ peer, payload, signal }) {
    const addresses = parseDialBackRequest(payload)
    if (isDialling || all.waitMsOf(1, clock.now()) > 0) throw new FederationError('E_BUSY', 'dialling others back')
    all.charge(1, clock.now())
    isDialling = true
    let looking: Promise<string | null> = Promise.resolve(null)
    const end = () => {
      isDialling = false
    }
    try {
      const reached = new Set<string>()
      const failed = new Set<string>()
      for (const address of addresses) {
        looking = targetOf(address, peer)
        const target = await within(clock, signal, limit => unlessAborted(looking, limit)).catch(
          (): typeof LATE => LATE,
        )
        signal.throwIfAborted()
        if (target === LATE) break
        if (target === null || reached.has(target) || failed.has(target)) continue
        const isReached = await within(clock, signal, limit => ports.dial(target, peer, limit)).catch(() => false)
        ;(isReached ? reached : failed).add(target)
      }
      yield encodeDialBackAnswer({ reached: [...reached], failed: [...failed] })
    } finally {
      looking.then(end, end)
    }
  }
}

/** What the work brings; its signal ends it after a while. */
async function within<T>(clock: Clock, signal: AbortSignal, work: (limit: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const deadline = new AbortController()
  const cancelTimer = clock.after(DIAL_MS, () => deadline.abort(new Error('not in time')))
  try {
    return await work(AbortSignal.any([signal, deadline.signal]))
  } finally {
    cancelTimer()
  }
}
