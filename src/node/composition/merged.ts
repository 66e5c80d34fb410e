/** Yields from several generators whatever comes first; of those that are ready, the one named first. Leaving ends them all. */
export async function* merged<T>(sources: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const pull = (source: AsyncGenerator<T>) => {
    const next = source.next().then(result => ({ source, result }))
    next.catch(() => {}) // of a source that nobody waits for any more
    return next
  }
  const pending = new Map(sources.map(source => [source, pull(source)]))
  try {
    while (pending.size > 0) {
      const { source, result } = await Promise.race(pending.values())
      if (result.done) {
        pending.delete(source)
        continue
      }
      yield result.value
      pending.set(source, pull(source))
    }
  } finally {
    // A source in the middle of its work ends at its next step; nobody waits for that.
    for (const source of sources) source.return(undefined).catch(() => {})
  }
}
