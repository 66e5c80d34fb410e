/**
 * A real node in a process of its own under one attack after the other: what each costs it in memory and processor time, when the
 * hostile peer is dropped, and how long honest clients and peers wait meanwhile. The aims are those of issue 5.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fillHome } from './bench/federated-search-nodes/fill-home.ts'
import { madeUpPackages, seededRandom } from './bench/federated-search-nodes/made-packages.ts'
import { Child } from './siege-peers/child.ts'
import { eclipse } from './siege-peers/eclipse.ts'
import { FLOODS, type Target } from './siege-peers/floods.ts'
import { type HonestTimes, honestTimes } from './siege-peers/honest-peer.ts'

const PACKAGES = 5_000
const WARM_MS = 5_000
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, only: { type: 'string' }, 'no-eclipse': { type: 'boolean' } },
})
const seconds = Number(values.seconds)
const floods = Object.keys(FLOODS).filter(name => values.only === undefined || name.includes(values.only))
const folder = await mkdtemp(join(tmpdir(), 'hanse-siege-'))

interface Usage {
  readonly cpuMs: number
  readonly rssBytes: number
}
interface Told {
  readonly sent: number
  readonly droppedAfterMs: number | null
  readonly sentBefore: number | null
}

try {
  console.log(
    `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}; ${seconds} s each`,
  )
  if (values['no-eclipse'] !== true) {
    const { hadAll, worstMs } = await eclipse(folder)
    console.log(
      `eclipse by 40: ${hadAll ? 'every record' : 'NOT every record'}, the latest after ${(worstMs / 1_000).toFixed(1)} s (aim 45 s)`,
    )
  }
  if (floods.length > 0) {
    console.log(row('', ['memory', 'CPU', 'dropped after', 'messages', 'in all', 'HTTP p99', 'feed p99', 'failed']))
    console.log(row('aim', ['≤ 64 MB', '≤ 5 %', '', '', '', '≤ 2 x quiet', '≤ 2 x quiet', '0']))
  }
  for (const flood of floods) await besiege(flood)
} finally {
  await rm(folder, { recursive: true, force: true })
}

/**
 * Two nodes alike are asked the same by the same honest peer at the same time, and one of them is flooded: what else goes on
 * on the machine disturbs both.
 */
async function besiege(flood: string): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const [besieged, quiet] = [
    stack.use(await victimOf(`${flood}-besieged`)),
    stack.use(await victimOf(`${flood}-quiet`)),
  ]
  const both = [besieged, quiet] as const
  await Promise.all(both.map(({ target }) => honestTimes(target, WARM_MS)))
  const hostile = stack.use(await Child.start<Told>('hostile-main.ts'))
  let told: Told = { sent: 0, droppedAfterMs: null, sentBefore: null }
  hostile.onTold(latest => {
    told = latest
  })
  hostile.tell({ flood, target: besieged.target })
  const [under, beside] = await Promise.all(
    both.map(victim => watched(victim, () => honestTimes(victim.target, seconds * 1_000))),
  )
  const ratio = (of: (times: HonestTimes) => readonly number[]) =>
    `${(at99(of(under!.result)) / at99(of(beside!.result))).toFixed(2)} x ${at99(of(beside!.result)).toFixed(0)} ms`
  console.log(
    row(flood, [
      `+ ${((under!.maxRss - beside!.maxRss) / 2 ** 20).toFixed(0)} MB`,
      `${(under!.cpuPercent - beside!.cpuPercent).toFixed(1)} %`,
      told.droppedAfterMs === null ? 'not' : `${(told.droppedAfterMs / 1_000).toFixed(1)} s`,
      `${told.sentBefore ?? '-'}`,
      `${(told.sent / seconds).toFixed(0)}/s`,
      ratio(({ http }) => http),
      ratio(({ feed }) => feed),
      `${under!.result.failed} (${beside!.result.failed})`,
    ]),
  )
}

interface Victim extends AsyncDisposable {
  readonly target: Target & { readonly http: string }
  usage(): Promise<Usage>
}

async function victimOf(name: string): Promise<Victim> {
  const home = join(folder, name.replaceAll(/[^a-z]/g, '-'))
  const [held] = await fillHome(home, madeUpPackages(PACKAGES, seededRandom()), 5)
  const { publisher, feed, id } = held!
  const child = await Child.start<{ address: string; webSocket: string; http: string } & Usage>('victim-main.ts', [
    home,
  ])
  return {
    target: { ...(await child.next()), held: { publisher, feed, id } },
    usage: async () => {
      child.tell({})
      return await child.next()
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

/** What a node uses while work is done. */
async function watched<T>({ usage }: Victim, work: () => Promise<T>) {
  let maxRss = 0
  let isOver = false
  const [before, began] = [await usage(), performance.now()]
  const watching = (async () => {
    while (!isOver) {
      maxRss = Math.max(maxRss, (await usage()).rssBytes)
      await new Promise(resolve => setTimeout(resolve, 250))
    }
  })()
  const result = await work()
  isOver = true
  await watching
  const after = await usage()
  return { result, maxRss, cpuPercent: (100 * (after.cpuMs - before.cpuMs)) / (performance.now() - began) }
}

function row(what: string, cells: readonly string[]): string {
  return what.padEnd(28) + cells.map(cell => cell.padStart(15)).join('')
}

function at99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN
}
