/** Work that several callers want at once is done once: they share its promise until it ends. */
export class SingleFlight<Key, Value> {
  readonly #flights = new Map<Key, Promise<Value>>()

  /** The work's result, or that of the same work begun by another caller. */
  run(key: Key, work: () => Promise<Value>): Promise<Value> {
    const running = this.#flights.get(key)
    if (running !== undefined) return running
    const flight = work().finally(() => this.#flights.delete(key))
    this.#flights.set(key, flight)
    return flight
  }

  /** Resolves when everything that runs now has ended, however it ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#flights.values())
  }
}
