import type { Clock } from './clock.ts'

/** Resolves after `ms`, at once for 0; rejects with the signal's reason, and holds no timer then. */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  if (ms === 0) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const cancelTimer = clock.after(Math.ceil(ms), resolve) // timers cut a part of a millisecond off
  const giveUp = () => reject(signal.reason)
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    await promise
  } finally {
    cancelTimer()
    signal.removeEventListener('abort', giveUp)
  }
}
