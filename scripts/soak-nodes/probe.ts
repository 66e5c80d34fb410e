/**
 * Loaded into a node of the soak before its program (`--expose-gc --import`): collects garbage and tells what lives when the soak
 * asks, over the channel of `child_process`. The node's own code is as ever.
 */
import { setImmediate } from 'node:timers/promises'
import { getHeapSpaceStatistics, writeHeapSnapshot } from 'node:v8'

declare const gc: () => void

/** Where V8 keeps machine code, bytecode and what belongs to them; feedback of calls lies elsewhere. */
const CODE_SPACES = /^(code|trusted)_(large_object_)?space$/

/** What a node tells of its memory, bytes. */
export interface LiveMemory {
  /** In the heap and outside. */
  readonly live: number
  /** Of it what V8 compiled. */
  readonly code: number
}

process.on('message', async (order: { readonly snapshot?: string }) => {
  // Twice: what the first collection finalises, the second one frees.
  gc()
  await setImmediate()
  gc()
  if (order.snapshot !== undefined) writeHeapSnapshot(order.snapshot)
  const { heapUsed, external } = process.memoryUsage()
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => CODE_SPACES.test(space_name))
  const code = spaces.reduce((sum, { space_used_size }) => sum + space_used_size, 0)
  process.send?.({ live: heapUsed + external, code } satisfies LiveMemory)
})
process.channel?.unref()
