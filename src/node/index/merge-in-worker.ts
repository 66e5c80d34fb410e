import { Worker } from 'node:worker_threads'
import type { BaseData } from './base-data.ts'
import { DamagedIndexError, type MergeJob, type RunMerge } from './merge-base.ts'

/** Where the index is, for a second thread of this process. */
export interface IndexPlace {
  /** Folder of a LevelDB that was opened with `multithreading`. */
  readonly location: string
  readonly sublevel: string
}

/** What the worker is started with. */
export interface MergeOrder extends IndexPlace {
  readonly job: MergeJob
}

/** What the worker answers. */
export type MergeOutcome = { readonly base: BaseData } | { readonly problem: string; readonly isDamage: boolean }

/** The sources run as they are; the bundle has the worker beside it. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './merge-worker.ts' : './merge-worker.js', import.meta.url)

/** Merges in a thread of its own, so that the event loop never waits for it. */
export function mergeInWorker(place: IndexPlace): RunMerge {
  return async (job, { signal }) => {
    const order: MergeOrder = { ...place, job }
    const worker = new Worker(WORKER, { workerData: order })
    const stop = (): void => worker.postMessage('stop')
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    const { promise, resolve, reject } = Promise.withResolvers<MergeOutcome>()
    let outcome: MergeOutcome | null = null
    let failure: unknown = null
    worker.once('message', (message: MergeOutcome) => {
      outcome = message
    })
    worker.once('error', error => {
      failure = error
    })
    // Only once the thread is gone has it let go of the database.
    worker.once('exit', code => {
      if (outcome !== null && failure === null) resolve(outcome)
      else reject(failure ?? new Error(`the merge ended with code ${code}`))
    })
    try {
      const done = await promise
      if ('base' in done) return done.base
      throw done.isDamage ? new DamagedIndexError() : new Error(done.problem)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }
}
