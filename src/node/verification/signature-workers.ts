import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { FederationError } from '../../federation/index.ts'
import { ProtocolError, type SignatureCheck } from '../../protocol/index.ts'
import { packChecks } from './check-batch.ts'
import { MAX_SIGNATURE_WORKERS } from './limits.ts'

/** What a worker answers to a batch. */
export interface Verdict {
  readonly batch: number
  readonly areValid: boolean
}

interface Crew {
  readonly worker: Worker
  readonly waiting: Map<number, PromiseWithResolvers<boolean>>
}

/** The sources run as they are; the bundle has the worker beside it. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? './signature-worker.ts' : './signature-worker.js',
  import.meta.url,
)

/** Verifies batches of signatures in threads of their own, started when they are first needed: one core is left to everything else. */
export class SignatureWorkers implements AsyncDisposable {
  readonly #crews: Crew[] = []
  readonly #most: number
  #batches = 0
  #closed = false

  constructor(most = Math.min(MAX_SIGNATURE_WORKERS, Math.max(1, availableParallelism() - 1))) {
    this.#most = most
  }

  /** Batches that wait for their verdict. */
  get waiting(): number {
    return this.#crews.reduce((sum, { waiting }) => sum + waiting.size, 0)
  }

  /** Resolves if all signatures are valid. @throws ProtocolError E_SIGNATURE, E_ALGORITHM; FederationError E_VERIFYING_FAILED, which is nobody's fault */
  async verify(checks: readonly SignatureCheck[]): Promise<void> {
    if (checks.length === 0) return
    const bytes = packChecks(checks)
    const { worker, waiting } = this.#idlest()
    const verdict = Promise.withResolvers<boolean>()
    const batch = ++this.#batches
    waiting.set(batch, verdict)
    worker.ref()
    worker.postMessage({ batch, bytes }, [bytes.buffer])
    if (!(await verdict.promise)) throw new ProtocolError('E_SIGNATURE', 'signature not valid')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true
    await Promise.all(this.#crews.map(({ worker }) => worker.terminate()))
  }

  #idlest(): Crew {
    if (this.#closed) throw ended(null)
    const idlest = this.#crews.toSorted((a, b) => a.waiting.size - b.waiting.size)[0]
    const isBusy = idlest === undefined || idlest.waiting.size > 0
    return isBusy && this.#crews.length < this.#most ? this.#start() : idlest!
  }

  #start(): Crew {
    const worker = new Worker(WORKER)
    const crew: Crew = { worker, waiting: new Map() }
    worker.on('message', ({ batch, areValid }: Verdict) => {
      crew.waiting.get(batch)?.resolve(areValid)
      crew.waiting.delete(batch)
      if (crew.waiting.size === 0) worker.unref()
    })
    let failure: unknown = null
    worker.once('error', error => {
      failure = error
    })
    // Another takes its place with the next batch.
    worker.once('exit', () => {
      this.#crews.splice(this.#crews.indexOf(crew), 1)
      const why = ended(failure)
      for (const verdict of crew.waiting.values()) verdict.reject(why)
    })
    worker.unref()
    this.#crews.push(crew)
    return crew
  }
}

function ended(cause: unknown): FederationError {
  return new FederationError('E_VERIFYING_FAILED', 'the thread that verifies signatures ended', { cause })
}
