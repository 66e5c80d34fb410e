import { Worker } from 'node:worker_threads'
import { type ArtifactHash, FederationError } from '../../federation/index.ts'
import { MAX_BLOCK_BYTES } from '../../protocol/index.ts'
import { HASH_PLACES } from './limits.ts'

/** Bytes of an artifact to hash. */
export interface HashBytes {
  readonly do: 'hash'
  readonly order: number
  readonly artifact: number
  /** Where the bytes lie, and how many. */
  readonly place: number
  readonly bytes: number
  /** The sha-256 that they must have, or null. */
  readonly digest: Uint8Array | null
  /** Those that have it are the next of the whole. */
  readonly inWhole: boolean
}

/** What the thread is told: bytes, that the whole's sha-256 is wanted, or that nobody asks for the artifact any more. */
export type HashOrder =
  | HashBytes
  | { readonly do: 'end'; readonly order: number; readonly artifact: number }
  | { readonly do: 'close'; readonly artifact: number }

/** Whether the bytes were right, or the whole's sha-256. */
export interface HashAnswer {
  readonly order: number
  readonly says: boolean | string
}

type Answer = PromiseWithResolvers<boolean | string>

/** The sources run as they are; the bundle has the worker beside it. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './hash-worker.ts' : './hash-worker.js', import.meta.url)

/**
 * A thread that hashes large artifacts, started when the first one comes: two hashes of each byte are as much as all else that a fetch
 * costs. Bytes are copied to a few places that both threads see: a twelfth of hashing them, and no memory that has to be collected.
 */
export class HashThread implements AsyncDisposable {
  #running: RunningThread | null = null
  #isClosed = false

  /** Begins an artifact; at most 1 MiB of it is hashed at once. */
  open(): ArtifactHash {
    if (this.#isClosed) throw ended(null)
    // Another takes its place with the next artifact; those under way have lost what was hashed of them.
    if (this.#running === null || this.#running.hasEnded) this.#running = new RunningThread()
    return this.#running.open()
  }

  /** Ends the thread, and with it what it was told of artifacts. */
  async endThread(): Promise<void> {
    await this.#running?.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.endThread()
  }
}

class RunningThread {
  readonly #places = Array.from({ length: HASH_PLACES }, () => new SharedArrayBuffer(MAX_BLOCK_BYTES))
  readonly #free = this.#places.map((_, place) => place)
  readonly #wanting: ((place: number) => void)[] = []
  readonly #waiting = new Map<number, Answer>()
  /** Artifacts that somebody asks for: the thread keeps something of no other. */
  readonly #open = new Set<number>()
  readonly #worker: Worker
  #orders = 0
  #artifacts = 0
  #end: FederationError | null = null

  constructor() {
    this.#worker = new Worker(WORKER, { workerData: this.#places })
    this.#worker.on('message', ({ order, says }: HashAnswer) => {
      this.#waiting.get(order)?.resolve(says)
      this.#waiting.delete(order)
      if (this.#waiting.size === 0) this.#worker.unref()
    })
    let failure: unknown = null
    this.#worker.once('error', error => {
      failure = error
    })
    this.#worker.once('exit', () => {
      this.#end = ended(failure)
      for (const answer of this.#waiting.values()) answer.reject(this.#end)
    })
    this.#worker.unref()
  }

  get hasEnded(): boolean {
    return this.#end !== null
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  open(): ArtifactHash {
    const artifact = ++this.#artifacts
    this.#open.add(artifact)
    return {
      check: async (bytes, digest, inWhole) => (await this.#hash({ artifact, digest, inWhole }, bytes)) === true,
      add: async bytes => void (await this.#hash({ artifact, digest: null, inWhole: true }, bytes)),
      end: async () => String(await this.#ask({ do: 'end', order: ++this.#orders, artifact })),
      close: () => {
        this.#open.delete(artifact)
        this.#worker.postMessage({ do: 'close', artifact } satisfies HashOrder)
      },
    }
  }

  async #hash(of: Pick<HashBytes, 'artifact' | 'digest' | 'inWhole'>, bytes: Uint8Array): Promise<boolean | string> {
    const place = this.#free.pop() ?? (await this.#placeLeft())
    try {
      new Uint8Array(this.#places[place]!).set(bytes)
      return await this.#ask({ do: 'hash', order: ++this.#orders, place, bytes: bytes.byteLength, ...of })
    } finally {
      const next = this.#wanting.shift()
      if (next === undefined) this.#free.push(place)
      else next(place)
    }
  }

  async #ask(order: Exclude<HashOrder, { readonly do: 'close' }>): Promise<boolean | string> {
    if (this.#end !== null) throw this.#end
    if (!this.#open.has(order.artifact)) throw new FederationError('E_CLOSED', 'nobody asks for this artifact any more')
    const answer: Answer = Promise.withResolvers()
    this.#waiting.set(order.order, answer)
    this.#worker.ref()
    this.#worker.postMessage(order)
    return await answer.promise
  }

  #placeLeft(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>()
    this.#wanting.push(resolve)
    return promise
  }
}

function ended(cause: unknown): FederationError {
  return new FederationError('E_HASHING_FAILED', 'the thread that hashes artifacts ended', { cause })
}
