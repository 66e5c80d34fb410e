import { BATCH_BYTES } from './limits.ts'
import type { SearchBatchOperation, SearchStore } from './search-store.ts'

/** Collects writes into batches of bounded size. */
export class BatchWriter {
  readonly #store: Pick<SearchStore, 'batch'>
  readonly #signal: AbortSignal
  #operations: SearchBatchOperation[] = []
  #bytes = 0

  constructor(store: Pick<SearchStore, 'batch'>, { signal }: { readonly signal: AbortSignal }) {
    this.#store = store
    this.#signal = signal
  }

  readonly put = async (key: string, value: Uint8Array): Promise<void> => {
    if (this.add(key, value)) await this.flush()
  }

  /** Takes a write; true: it is time to flush. */
  add(key: string, value: Uint8Array): boolean {
    this.#operations.push({ type: 'put', key, value })
    this.#bytes += value.length
    return this.#bytes >= BATCH_BYTES
  }

  /** Writes what was taken; throws when the signal is aborted. */
  async flush(): Promise<void> {
    this.#signal.throwIfAborted()
    const operations = this.#operations
    this.#operations = []
    this.#bytes = 0
    if (operations.length > 0) await this.#store.batch(operations, {})
  }
}
