import {
  ED25519,
  isOfLaterVersion,
  parseUnverifiedRecord,
  type SignatureCheck,
  type UnverifiedRecord,
  type WellFormedRecord,
} from '../../protocol/index.ts'
import { VERIFY_CHUNK, VERIFY_CHUNKS_AHEAD } from './limits.ts'

export interface VerifyRangePorts {
  readonly net: string
  /** Resolves if all are valid, rejects with a `ProtocolError` if not; works beside the event loop. */
  readonly verifySignatures: (checks: readonly SignatureCheck[]) => Promise<void>
}

/**
 * Parses envelopes and verifies every signature, in order; rejects with a `ProtocolError` if any is wrong. null stands for a record that
 * only a later version of the format can read, which is nobody's fault.
 */
export type VerifyRange = (
  envelopes: readonly Uint8Array[],
  signal?: AbortSignal,
) => Promise<(WellFormedRecord | null)[]>

/**
 * Parses some while those before are verified. Ranges wait for each other: while one is stored and the next is fetched another is
 * verified, and none is late because all are verified at once.
 */
export function rangeVerifier({ net, verifySignatures }: VerifyRangePorts): VerifyRange {
  let last: Promise<void> = Promise.resolve()
  return async (envelopes, signal) => {
    const before = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    await before
    const records: (WellFormedRecord | null)[] = []
    const verdicts: Promise<void>[] = []
    try {
      for (let i = 0; i < envelopes.length; i += VERIFY_CHUNK) {
        signal?.throwIfAborted()
        const parsed = envelopes.slice(i, i + VERIFY_CHUNK).map(each => unlessLater(each, net))
        for (const one of parsed) records.push(one?.record ?? null)
        const verdict = verifySignatures(parsed.flatMap(one => one?.checks ?? []))
        verdict.catch(() => {}) // heard in its turn, which may be later than it comes
        verdicts.push(verdict)
        await verdicts.at(-VERIFY_CHUNKS_AHEAD)
      }
      await Promise.all(verdicts)
      return records
    } finally {
      await Promise.allSettled(verdicts)
      resolve()
    }
  }
}

/** null: of a later version, or signed with an algorithm that one may know. */
function unlessLater(envelope: Uint8Array, net: string): UnverifiedRecord | null {
  try {
    const parsed = parseUnverifiedRecord(envelope, { net })
    return parsed.checks.every(({ alg }) => alg === ED25519) ? parsed : null
  } catch (error) {
    if (isOfLaterVersion(error)) return null
    throw error
  }
}
