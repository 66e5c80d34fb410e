/** Lets work on one key run one after another; keys without work take no memory. */
export class Turns<K> {
  readonly #last = new Map<K, Promise<unknown>>()

  /** Runs `work` after all earlier work on the key has ended, however it ended. */
  async run<T>(key: K, work: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(key) ?? Promise.resolve()).catch(() => {}).then(work)
    this.#last.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
  }
}
