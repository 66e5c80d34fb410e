/** Time as the streams use it. */
export interface Clock {
  /** Monotonic time, ms. */
  now(): number
  /** Runs `action` once after `ms`; the result cancels it. */
  after(ms: number, action: () => void): () => void
}

/** The computer's clock; its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (ms, action) => {
    const timer = setTimeout(action, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
