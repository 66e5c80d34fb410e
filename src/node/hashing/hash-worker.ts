/** A thread that hashes artifacts, order by order, in the order in which they come. */
import { createHash, type Hash, hash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import type { HashAnswer, HashOrder } from './hash-thread.ts'

const places = workerData as readonly SharedArrayBuffer[]
const wholes = new Map<number, Hash>()

parentPort!.on('message', (order: HashOrder) => {
  if (order.do === 'close') {
    wholes.delete(order.artifact)
    return
  }
  const answer: HashAnswer = { order: order.order, says: answerTo(order) }
  parentPort!.postMessage(answer)
})

function answerTo(order: Exclude<HashOrder, { readonly do: 'close' }>): boolean | string {
  if (order.do === 'end') return wholeOf(order.artifact).digest('hex')
  const bytes = new Uint8Array(places[order.place]!, 0, order.bytes)
  if (order.digest !== null && order.inWhole && !wholes.has(order.artifact))
    return begins(order.artifact, bytes, order.digest)
  const isRight = order.digest === null || hash('sha256', bytes, 'buffer').equals(order.digest)
  if (isRight && order.inWhole) wholeOf(order.artifact).update(bytes)
  return isRight
}

/** What the whole begins with is hashed once for both: a copy ends with the first leaf. */
function begins(artifact: number, bytes: Uint8Array, digest: Uint8Array): boolean {
  const whole = createHash('sha256').update(bytes)
  const isRight = whole.copy().digest().equals(digest)
  if (isRight) wholes.set(artifact, whole)
  return isRight
}

function wholeOf(artifact: number): Hash {
  const whole = wholes.get(artifact) ?? createHash('sha256')
  wholes.set(artifact, whole)
  return whole
}
