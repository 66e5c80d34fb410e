/**
 * A federation of real nodes in two processes over loopback: how announcements spread, beside the same nodes with gossipsub's
 * defaults in the same run; what a fifth of them killed abruptly costs the others.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from './federated-search-nodes/made-packages.ts'
import { BenchNetwork } from './federation-nodes/bench-network.ts'
import { mean, median, row, sum } from './federation-nodes/figures.ts'
import type { Contender } from './federation-nodes/node-process.ts'
import { idleRate, type Spread, spread } from './federation-nodes/spread.ts'

/** Gossipsub grafts below this many mesh peers, with ours and with its own settings. */
const DLO = 4
const IDLE_SECONDS = 5
const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '100' },
    degree: { type: 'string', default: '12' },
    publishers: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '5' },
    records: { type: 'string', default: '10' },
    only: { type: 'string', default: 'spread,kill' },
  },
})
const [nodes, degree, publishers, rounds, records] = [
  values.nodes,
  values.degree,
  values.publishers,
  values.rounds,
  values.records,
].map(Number) as [number, number, number, number, number]
const parts = values.only.split(',')
const folder = await mkdtemp(join(tmpdir(), 'hanse-federation-'))
console.log(
  `${nodes} nodes, ${degree} connections each; ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}`,
)
try {
  if (parts.includes('spread')) await benchSpread()
  if (parts.includes('kill')) await benchKill()
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function benchSpread(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const contenders: readonly Contender[] = ['ours', 'defaults']
  const networks: BenchNetwork[] = []
  const lines = new Map<Contender, string[]>()
  for (const contender of contenders) {
    const sizes = [Math.ceil(nodes / 2), Math.floor(nodes / 2)]
    const began = performance.now()
    const network = stack.use(await BenchNetwork.start(contender, folder, sizes, publishers))
    const startMs = performance.now() - began
    const meshMs = await network.join(degree, DLO, seededRandom())
    const { connections, mesh } = await network.report()
    const { rssBytes } = await network.usage()
    lines.set(contender, [`${(startMs / 1_000).toFixed(0)} s`, `${(meshMs / 1_000).toFixed(1)} s`])
    console.log(
      `${contender}: started in ${(startMs / 1_000).toFixed(1)} s; healthy mesh ${(meshMs / 1_000).toFixed(2)} s; connections ${mean(connections).toFixed(1)}, mesh ${mean(mesh).toFixed(1)}; ${(rssBytes / nodes / 2 ** 20).toFixed(1)} MB a node`,
    )
    networks.push(network)
  }
  const all = new Map<Contender, Spread[]>(contenders.map(contender => [contender, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const network of networks) {
      const idle = await idleRate(network, IDLE_SECONDS)
      const result = await spread(network, records, `r${round}`, idle)
      if (round > 0) all.get(network.contender)!.push(result) // the first warms up
    }
  }
  console.log(row('', ['delivered', '50 %', '95 %', '100 %', 'stored 50 %', 'stored max', 'copies', 'CPU a delivery']))
  const figures = contenders.map(contender => figuresOf(all.get(contender)!))
  for (const [i, contender] of contenders.entries()) console.log(row(contender, cells(figures[i]!)))
  const [ours, theirs] = figures as [Figures, Figures]
  const ratio = (of: (each: Figures) => number) => (of(ours) / of(theirs)).toFixed(2)
  console.log(
    row('ours / defaults', [
      '',
      ratio(({ half }) => half),
      ratio(({ most }) => most),
      ratio(({ all }) => all),
      ratio(({ storedHalf }) => storedHalf),
      ratio(({ storedAll }) => storedAll),
      ratio(({ copies }) => copies),
      ratio(({ cpu }) => cpu),
    ]),
  )
}

interface Figures {
  readonly delivered: number
  readonly half: number
  readonly most: number
  readonly all: number
  readonly storedHalf: number
  readonly storedAll: number
  readonly copies: number
  readonly cpu: number
}

function figuresOf(rounds: readonly Spread[]): Figures {
  const reached = rounds.flatMap(each => each.reached)
  return {
    delivered: sum(rounds.map(each => each.deliveries)) / sum(rounds.map(each => each.expected)),
    half: median(reached.map(([half]) => half)),
    most: median(reached.map(([, most]) => most)),
    all: median(reached.map(([, , all]) => all)),
    storedHalf: median(rounds.flatMap(each => each.storedMs)),
    storedAll: median(rounds.map(each => Math.max(...each.storedMs))),
    copies: median(rounds.map(each => each.copies)),
    cpu: median(rounds.map(each => each.cpuMs)),
  }
}

function cells({ delivered, half, most, all, storedHalf, storedAll, copies, cpu }: Figures): string[] {
  const ms = (value: number) => `${value.toFixed(0)} ms`
  return [
    `${(delivered * 100).toFixed(1)} %`,
    ...[half, most, all, storedHalf, storedAll].map(ms),
    copies.toFixed(2),
    `${cpu.toFixed(2)} ms`,
  ]
}

/** A fifth of the nodes ends without a word while records are published. */
async function benchKill(): Promise<void> {
  const fifth = Math.floor(nodes / 5)
  const rest = nodes - fifth
  const sizes = [Math.ceil(rest / 2), Math.floor(rest / 2), fifth]
  await using network = await BenchNetwork.start('ours', join(folder, 'kill'), sizes, publishers)
  await network.join(degree, DLO, seededRandom(7))
  const killed = network.killLast()
  const published: string[] = []
  for (let i = 0; i < records; i++) {
    const { id } = await network.publish(network.publishers[i % publishers]!, `k-${i}`)
    published.push(id)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  await killed
  const last = performance.now()
  const isThere = await network.wait(published, 60_000)
  console.log(
    `${fifth} of ${nodes} killed, ${records} records published meanwhile: ${isThere ? 'all' : 'NOT all'} living nodes have all ${(performance.now() - last).toFixed(0)} ms after the last`,
  )
}
