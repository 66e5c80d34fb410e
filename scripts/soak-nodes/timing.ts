/** Resolves early when `over` aborts. */
export async function pause(ms: number, over?: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, Math.max(0, ms))
    over?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}

/** Counts on every `ms` by the clock, until `over` aborts. */
export async function* ticks(ms: number, over: AbortSignal): AsyncGenerator<number> {
  const began = performance.now()
  for (let n = 0; ; n++) {
    await pause(began + (n + 1) * ms - performance.now(), over)
    if (over.aborted) return
    yield n
  }
}
