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
  const isRight = order.digest === null || hash('sha256', bytes, 'buffer').equals(order.digest)
  if (isRight && order.inWhole) wholeOf(order.artifact).update(bytes)
  return isRight
}

function wholeOf(artifact: number): Hash {
  const whole = wholes.get(artifact) ?? createHash('sha256')
  wholes.set(artifact, whole)
  return whole
}
