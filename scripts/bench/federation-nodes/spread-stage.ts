import { seededRandom } from '../federated-search-nodes/made-packages.ts'
import { BenchNetwork, type NetworkSize } from './bench-network.ts'
import { mean, median, row, sum } from './figures.ts'
import type { Contender } from './node-process.ts'
import { settle } from './settle.ts'
import { idleRate, ROUND_SECONDS, type Spread, spread } from './spread.ts'

/** Gossipsub grafts below this many mesh peers, with ours and with its own settings. */
export const DLO = 4
const CONTENDERS: readonly Contender[] = ['ours', 'defaults']

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

/** Rounds of records, of both networks in turn: while one runs, the other one's processes are stopped. */
export async function spreadStage(
  size: NetworkSize & { readonly rounds: number; readonly records: number },
): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const networks: BenchNetwork[] = []
  for (const contender of CONTENDERS) {
    networks.at(-1)?.stop()
    networks.push(stack.use(await joined(contender, size)))
  }
  networks.at(-1)!.stop()
  const all = new Map<Contender, Spread[]>(CONTENDERS.map(contender => [contender, []]))
  const idles = new Map<Contender, number[]>(CONTENDERS.map(contender => [contender, []]))
  for (let round = 0; round <= size.rounds; round++) {
    for (const network of networks) {
      network.goOn()
      await settle(network)
      const idle = await idleRate(network, ROUND_SECONDS)
      const result = await spread(network, size.records, `r${round}`, idle)
      network.stop()
      if (round === 0) continue // it warms up
      all.get(network.contender)!.push(result)
      idles.get(network.contender)!.push(idle / size.nodes)
    }
  }
  for (const network of networks) network.goOn()
  print(CONTENDERS.map(contender => figuresOf(all.get(contender)!)))
  for (const contender of CONTENDERS) {
    const each = (of: readonly number[]) => of.map(value => value.toFixed(2)).join(' ')
    const deliveries = each(all.get(contender)!.map(({ cpuMs }) => cpuMs))
    console.log(
      `${contender}, by round: CPU a delivery ${deliveries} ms above idling, a node idles at ${each(idles.get(contender)!)} ms/s`,
    )
  }
}

async function joined(contender: Contender, size: NetworkSize): Promise<BenchNetwork> {
  const { nodes, degree, folder, publishers } = size
  const began = performance.now()
  const halves = [Math.ceil(nodes / 2), Math.floor(nodes / 2)]
  const network = await BenchNetwork.start(contender, folder, halves, publishers)
  const startMs = performance.now() - began
  const meshMs = await network.join(degree, DLO, seededRandom())
  const settledMs = await settle(network)
  const { connections, mesh } = await network.report()
  const { rssBytes } = await network.usage()
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`
  console.log(
    `${contender}: started in ${seconds(startMs)}; healthy mesh ${seconds(meshMs)}, all calm ${seconds(settledMs)} later; connections ${mean(connections).toFixed(1)}, mesh ${mean(mesh).toFixed(1)}; ${(rssBytes / nodes / 2 ** 20).toFixed(1)} MB a node`,
  )
  return network
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

function print(figures: readonly Figures[]): void {
  console.log(row('', ['delivered', '50 %', '95 %', '100 %', 'stored 50 %', 'stored max', 'copies', 'CPU a delivery']))
  for (const [i, contender] of CONTENDERS.entries()) console.log(row(contender, cells(figures[i]!)))
  const [ours, theirs] = figures as [Figures, Figures]
  const ratio = (of: (each: Figures) => number) => (of(ours) / of(theirs)).toFixed(2)
  const times = [({ half }: Figures) => half, ({ most }: Figures) => most, ({ all }: Figures) => all]
  const rest = [
    ({ storedHalf }: Figures) => storedHalf,
    ({ storedAll }: Figures) => storedAll,
    ({ copies }: Figures) => copies,
    ({ cpu }: Figures) => cpu,
  ]
  console.log(row('ours / defaults', ['', ...[...times, ...rest].map(ratio)]))
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
