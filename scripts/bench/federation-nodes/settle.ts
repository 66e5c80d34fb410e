import type { BenchNetwork } from './bench-network.ts'
import { mean } from './figures.ts'
import { idleRate } from './spread.ts'

const LOOK_SECONDS = 3
const LONGEST_MS = 120_000
/** Processor time a second and node, ms: above it a network is busy with more than its heartbeat. */
const CALM_MS = 12
/** New connections a node in one look. */
const CALM_GROWTH = 0.2

/** Waits until nodes that met have done what follows from it: dials of the keeper and the DHT, node records, dial-backs; ms it took. */
export async function settle(network: BenchNetwork): Promise<number> {
  const began = performance.now()
  let before = Number.NEGATIVE_INFINITY
  for (;;) {
    const rate = await idleRate(network, LOOK_SECONDS)
    const connections = mean((await network.report()).connections)
    if (rate / network.size < CALM_MS && connections - before < CALM_GROWTH) break
    if (performance.now() - began > LONGEST_MS) {
      console.log(
        `${network.contender}: not calm: ${(rate / 1_000).toFixed(2)} of a core, ${connections.toFixed(1)} connections`,
      )
      break
    }
    before = connections
  }
  return performance.now() - began
}
