/** The thread of one merge: opens the database of its own process a second time, writes the new base and hands its columns over. */
import { parentPort, type Transferable, workerData } from 'node:worker_threads'
import { ClassicLevel } from 'classic-level'
import type { BaseData } from './base-data.ts'
import { DamagedIndexError, mergeBase } from './merge-base.ts'
import type { MergeOrder, MergeOutcome } from './merge-in-worker.ts'

const { location, sublevel, job } = workerData as MergeOrder
const stopped = new AbortController()
parentPort!.once('message', () => stopped.abort())
const level = new ClassicLevel<string, Uint8Array>(location, {
  keyEncoding: 'utf8',
  valueEncoding: 'view',
  multithreading: true,
  createIfMissing: false,
})
let outcome: MergeOutcome
try {
  await level.open()
  const store = level.sublevel<string, Uint8Array>(sublevel, { keyEncoding: 'utf8', valueEncoding: 'view' })
  await store.open()
  outcome = { base: await mergeBase(store, job, { signal: stopped.signal }) }
} catch (error) {
  const problem = error instanceof Error ? error.message : String(error)
  outcome = { problem, isDamage: error instanceof DamagedIndexError }
} finally {
  await level.close()
}
parentPort!.postMessage(outcome, 'base' in outcome ? memoryOf(outcome.base) : [])
parentPort!.close()

function memoryOf(base: BaseData): Transferable[] {
  const columns = [...Object.values(base), ...Object.values(base.terms)].filter(value => ArrayBuffer.isView(value))
  return [...new Set(columns.map(({ buffer }) => buffer as ArrayBuffer))]
}
