/**
 * Real nodes, each in its own process, that all follow each other. Every minute some are killed or stopped and started again, while the
 * others publish. At the end each release that a node acknowledged must be at every node, with one catalogue digest. A few nodes are
 * never stopped: their memory is sampled. With `--previous` every other node runs another build, as that of the last release.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { catalogueCostOf, type EarlierHome, keepHome } from './soak-nodes/catalogue-cost.ts'
import { MemorySeries } from './soak-nodes/memory-series.ts'
import { SoakedNode } from './soak-nodes/soaked-node.ts'
import { pause, ticks } from './soak-nodes/timing.ts'

const SAMPLE_EVERY_MS = 20_000
const MIB = 1 << 20
const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '60' },
    /** Nodes that go down, percent a minute. */
    churn: { type: 'string', default: '25' },
    /** A minute, over all nodes. */
    publishes: { type: 'string', default: '50' },
    /** Nodes that are never stopped. */
    steady: { type: 'string', default: '4' },
    /** Minutes before memory counts. */
    settle: { type: 'string', default: '20' },
    /** A file for the samples of memory, one line of JSON each. */
    series: { type: 'string' },
    /** A folder for heap snapshots of node 0, when memory begins to count and at the end. */
    snapshots: { type: 'string' },
    /** Another build's `dist/hanse.js`, for every other node. */
    previous: { type: 'string' },
  },
})
const option = (name: Exclude<keyof typeof values, 'previous' | 'series' | 'snapshots'>): number => Number(values[name])

const faults: string[] = []
const fault = (what: string) => {
  faults.push(what)
  console.error(`fault: ${what}`)
}
const folder = await mkdtemp(join(tmpdir(), 'hanse-soak-'))
const current = join(import.meta.dirname, '../dist/hanse.js')
const nodes = Array.from({ length: option('nodes') }, (_, i) => {
  const program = i % 2 === 1 ? (values.previous ?? current) : current
  // Every other steady node is left to collect when it likes: forced collections also keep the resident memory small.
  const isProbed = i < option('steady') && i % 4 < 2
  return new SoakedNode({ name: `node ${i}`, home: join(folder, `node-${i}`), program, isProbed, onFault: fault })
})
const steady = nodes.slice(0, option('steady'))
const mortal = nodes.slice(option('steady'))
const acknowledged: { readonly purl: string; readonly publisher: string }[] = []
const memory = new MemorySeries(values.series)
let stops = 0
let refused = 0
/** Of a node that was down when memory began to count. */
let earlier: EarlierHome | null = null
/** Since the start; NaN before. */
let minute = () => Number.NaN

try {
  await soak()
} finally {
  await Promise.all(nodes.map(node => node.stop('SIGKILL')))
  await rm(folder, { recursive: true, force: true })
}
process.exitCode = faults.length > 0 ? 1 : 0

async function soak(): Promise<void> {
  for (const node of nodes) await node.start(bootstraps())
  for (const node of nodes)
    for (const { ready } of nodes)
      if (ready.publisher !== node.ready.publisher)
        await node.call('POST', '/api/relations', { action: 'follow', publisher: ready.publisher })
  const began = Date.now()
  minute = () => (Date.now() - began) / 60_000
  console.error(`${nodes.length} nodes are up and follow each other`)
  const over = AbortSignal.timeout(option('minutes') * 60_000)
  await Promise.all([publishing(over), churning(over), sampling(over), telling(over)])
  for (const node of nodes) if (!node.isUp) await node.start(bootstraps())
  const ms = await converged()
  await Promise.all(nodes.map(node => node.stop('SIGTERM')))
  const cost = earlier && (await catalogueCostOf(earlier, acknowledged.length, current))
  report(ms, cost)
}

/** The first nodes stay up: the others find everybody through them. */
function bootstraps(): string[] {
  return steady
    .filter(({ isUp }) => isUp)
    .map(({ address }) => address)
    .slice(0, 2)
}

/** Publishes are due by the clock: one that takes long does not hold up the next. */
async function publishing(over: AbortSignal): Promise<void> {
  const going = new Set<Promise<void>>()
  for await (const n of ticks(60_000 / option('publishes'), over)) {
    const node = pick(nodes.filter(({ isUp }) => isUp))
    if (node === undefined) continue
    const one = publish(node, n).finally(() => going.delete(one))
    going.add(one)
  }
  await Promise.all(going)
}

async function publish(node: SoakedNode, n: number): Promise<void> {
  const {
    ready: { publisher },
    run,
  } = node
  const purl = `generic:cargo-${n % 100}@1.0.${n}`
  const query = new URLSearchParams({ name: 'cargo.bin', public: 'true', purl })
  try {
    await node.call('POST', `/api/publish?${query}`, randomBytes(200))
    acknowledged.push({ purl: `pkg:generic/cargo-${n % 100}@1.0.${n}`, publisher })
  } catch (error) {
    // A node that was stopped meanwhile promised nothing.
    refused++
    if (node.isUp && node.run === run) fault(`${node.name}: ${error}`)
  }
}

async function churning(over: AbortSignal): Promise<void> {
  if (option('churn') === 0) return
  const going = new Set<Promise<void>>()
  for await (const _ of ticks(60_000 / ((option('churn') / 100) * nodes.length), over)) {
    const node = pick(mortal.filter(({ isUp }) => isUp))
    if (node === undefined) continue
    stops++
    const one = restart(node, over)
      .catch(error => fault(String(error)))
      .finally(() => going.delete(one))
    going.add(one)
  }
  await Promise.all(going)
}

async function restart(node: SoakedNode, over: AbortSignal): Promise<void> {
  const signal = Math.random() < 0.5 ? 'SIGKILL' : 'SIGTERM'
  await node.stop(signal)
  if (earlier === null && signal === 'SIGTERM' && minute() >= option('settle'))
    earlier = await keepHome(node, acknowledged.length)
  await pause(5_000 + Math.random() * 15_000, over)
  await node.start(bootstraps())
}

async function sampling(over: AbortSignal): Promise<void> {
  const snapshots = values.snapshots
  let isSettled = false
  for await (const _ of ticks(SAMPLE_EVERY_MS, over)) {
    for (const node of steady) await memory.sample(node, minute())
    if (snapshots === undefined || isSettled || minute() < option('settle')) continue
    isSettled = true
    await nodes[0]!.liveMemory(join(snapshots, 'settled.heapsnapshot'))
  }
  if (snapshots !== undefined) await nodes[0]!.liveMemory(join(snapshots, 'end.heapsnapshot'))
}

async function telling(over: AbortSignal): Promise<void> {
  for await (const _ of ticks(300_000, over)) {
    const up = nodes.filter(({ isUp }) => isUp).length
    console.error(
      `minute ${minute().toFixed(0)}: ${up} up, ${stops} stopped, ${acknowledged.length} published, ${faults.length} faults`,
    )
  }
}

/** Waits until every node has every acknowledged release and all show one digest; ms. */
async function converged(): Promise<number> {
  const began = performance.now()
  for (;;) {
    const digests = await Promise.all(
      nodes.map(async node => (await node.call<{ catalogueDigest: string }>('GET', '/api/status')).catalogueDigest),
    )
    if (new Set(digests).size === 1) break
    if (performance.now() - began > 180_000) {
      fault(`${new Set(digests).size} different catalogues after 180 s`)
      break
    }
    await pause(250)
  }
  const ms = performance.now() - began
  await lookForLost()
  return ms
}

/** One catalogue everywhere: then one node says for all what is there; two are asked. */
async function lookForLost(): Promise<void> {
  for (const node of [nodes[0]!, nodes.at(-1)!]) {
    const held = new Set<string>()
    for (const name of new Set(acknowledged.map(({ purl }) => purl.slice(0, purl.indexOf('@'))))) {
      interface Info {
        readonly publishers: readonly {
          readonly id: string
          readonly versions: readonly { readonly version: string }[]
        }[]
      }
      const { publishers } = await node.call<Info>('GET', `/api/info?${new URLSearchParams({ purl: name })}`)
      for (const { id, versions } of publishers)
        for (const { version } of versions) held.add(`${name}@${version} ${id}`)
    }
    const lost = acknowledged.filter(({ purl, publisher }) => !held.has(`${purl} ${publisher}`))
    if (lost.length > 0)
      fault(`${lost.length} of ${acknowledged.length} releases are not at ${node.name}: ${lost[0]!.purl}`)
  }
}

function report(convergedMs: number, cost: number | null): void {
  console.log(
    `${nodes.length} nodes, ${option('minutes')} minutes, ${option('churn')} % stopped a minute (${stops} in all, half of them killed), ${acknowledged.length} releases acknowledged, ${refused} not`,
  )
  console.log(
    `one catalogue everywhere ${(convergedMs / 1_000).toFixed(1)} s after the end; faults: ${faults.length}\n`,
  )
  console.log(`memory of nodes that stayed up, MiB:      at ${option('settle')} min | at the end | growth an hour`)
  for (const row of memory.rows(option('settle'))) console.log(row)
  if (cost === null) return
  const anHour = (cost * option('publishes') * 60) / MIB
  console.log(
    `what the catalogue takes by itself, as in a home opened afresh: ${cost.toFixed(0)} bytes a release, ${anHour.toFixed(2)} MiB an hour at this rate`,
  )
}

function pick<T>(from: readonly T[]): T | undefined {
  return from[Math.floor(Math.random() * from.length)]
}
