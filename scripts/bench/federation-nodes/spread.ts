import { seededRandom } from '../federated-search-nodes/made-packages.ts'
import type { BenchNetwork } from './bench-network.ts'
import type { Published } from './messages.ts'

const WAIT_MS = 20_000
/** How long a round and the idle time before it take: ten heartbeats of gossip. */
export const ROUND_SECONDS = 10

/** What spreading some records through a network took. */
export interface Spread {
  readonly deliveries: number
  readonly expected: number
  /** ms after the publisher handed each record to gossip, at 50, 95 and 100 % of the other nodes, for each record. */
  readonly reached: readonly (readonly [half: number, most: number, all: number])[]
  /** ms until a node has stored and indexed a record, of all nodes and records. */
  readonly storedMs: readonly number[]
  /** Announcements that arrived for each node and record. */
  readonly copies: number
  /** Processor time of all nodes above idling, ms for each delivery. */
  readonly cpuMs: number
}

/** Processor time of a network that does nothing, ms a second. */
export async function idleRate(network: BenchNetwork, seconds: number): Promise<number> {
  const [before, began] = [await network.usage(), performance.now()]
  await until(began + seconds * 1_000)
  const after = await network.usage()
  return ((after.cpuMs - before.cpuMs) * 1_000) / (performance.now() - began)
}

/**
 * Publishes records over ten seconds, each somewhere in its share of them and when the one before is everywhere: heartbeats of nodes
 * whose process stood still fall together, and a record is to meet them neither always nor never; `idle`: processor time without them, ms a second.
 */
export async function spread(network: BenchNetwork, records: number, batch: string, idle: number): Promise<Spread> {
  await network.report()
  const [before, began] = [await network.usage(), performance.now()]
  const published: Published[] = []
  const random = seededRandom()
  for (let i = 0; i < records; i++) {
    await until(began + ((i + random()) * ROUND_SECONDS * 1_000) / records)
    const record = await network.publish(network.publishers[i % network.publishers.length]!, `${batch}-${i}`)
    published.push(record)
    if (!(await network.wait([record.id], WAIT_MS)))
      console.log(`${network.contender}: ${batch}-${i} is not everywhere after ${WAIT_MS / 1_000} s`)
  }
  await until(began + ROUND_SECONDS * 1_000)
  const after = await network.usage()
  const used = after.cpuMs - before.cpuMs - (idle * (performance.now() - began)) / 1_000
  const { sights, copies } = await network.report()
  const at = new Map(published.map(record => [record.id, record.at]))
  const others = network.size - 1
  const accepted = new Map(published.map(({ id }) => [id, [] as number[]]))
  const storedMs: number[] = []
  for (const { id, acceptedAt, storedAt } of sights) {
    if (acceptedAt !== null) accepted.get(id)?.push(acceptedAt - at.get(id)!)
    if (acceptedAt !== null && storedAt !== null && at.has(id)) storedMs.push(storedAt - at.get(id)!)
  }
  const reached = [...accepted.values()].map(times => {
    times.sort((a, b) => a - b)
    const part = (share: number) => times[Math.ceil(others * share) - 1] ?? Number.POSITIVE_INFINITY
    return [part(0.5), part(0.95), part(1)] as const
  })
  const deliveries = [...accepted.values()].reduce((sum, times) => sum + times.length, 0)
  const expected = records * others
  return { deliveries, expected, reached, storedMs, copies: copies / expected, cpuMs: used / expected }
}

const until = (at: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, Math.max(0, at - performance.now())))
