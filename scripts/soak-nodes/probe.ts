/**
 * Loaded into a node of the soak before its program (`--expose-gc --import`): collects garbage and tells what lives when the soak
 * asks, over the channel of `child_process`. The node's own code is as ever.
 */
import { setImmediate } from 'node:timers/promises'
import { writeHeapSnapshot } from 'node:v8'

declare const gc: () => void

process.on('message', async (order: { readonly snapshot?: string }) => {
  // Twice: what the first collection finalises, the second one frees.
  gc()
  await setImmediate()
  gc()
  if (order.snapshot !== undefined) writeHeapSnapshot(order.snapshot)
  const { heapUsed, external } = process.memoryUsage()
  process.send?.({ heapUsed, external })
})
process.channel?.unref()
