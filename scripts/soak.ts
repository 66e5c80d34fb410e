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
import { slopeOf } from './soak-nodes/slope.ts'
import { SoakedNode } from './soak-nodes/soaked-node.ts'

const SAMPLE_EVERY_MS = 5_000
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
    /** Another build's `dist/hanse.js`, for every other node. */
    previous: { type: 'string' },
  },
})
const option = (name: Exclude<keyof typeof values, 'previous'>): number => Number(values[name])

const faults: string[] = []
const fault = (what: string) => {
  faults.push(what)
  console.error(`fault: ${what}`)
}
const folder = await mkdtemp(join(tmpdir(), 'hanse-soak-'))
const current = join(import.meta.dirname, '../dist/hanse.js')
const nodes = Array.from({ length: option('nodes') }, (_, i) => {
  const program = i % 2 === 1 ? (values.previous ?? current) : current
  return new SoakedNode(`node ${i}`, join(folder, `node-${i}`), program, fault)
})
const steady = nodes.slice(0, option('steady'))
const mortal = nodes.slice(option('steady'))
const acknowledged: { readonly purl: string; readonly publisher: string }[] = []
/** By node: minutes since the start, bytes held. */
const samples = new Map<SoakedNode, (readonly [minute: number, bytes: number])[]>()
const resident = new Map<SoakedNode, (readonly [minute: number, bytes: number])[]>()
let stops = 0
let refused = 0

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
  const minute = () => (Date.now() - began) / 60_000
  console.error(`${nodes.length} nodes are up and follow each other`)
  const over = AbortSignal.timeout(option('minutes') * 60_000)
  await Promise.all([publishing(over), churning(over), sampling(over, minute), telling(over, minute)])
  for (const node of nodes) if (!node.isUp) await node.start(bootstraps())
  const ms = await converged()
  report(ms)
}

/** The first nodes stay up: the others find everybody through them. */
function bootstraps(): string[] {
  return steady
    .filter(({ isUp }) => isUp)
    .map(({ address }) => address)
    .slice(0, 2)
}

async function publishing(over: AbortSignal): Promise<void> {
  for (let n = 0; !over.aborted; n++) {
    await pause(60_000 / option('publishes'), over)
    const up = nodes.filter(({ isUp }) => isUp)
    const node = up[Math.floor(Math.random() * up.length)]
    if (node === undefined) continue
    const { publisher } = node.ready
    const purl = `generic:cargo-${n % 100}@1.0.${n}`
    const query = new URLSearchParams({ name: 'cargo.bin', public: 'true', purl })
    try {
      await node.call('POST', `/api/publish?${query}`, randomBytes(200))
      acknowledged.push({ purl: `pkg:generic/cargo-${n % 100}@1.0.${n}`, publisher })
    } catch (error) {
      // A node that was stopped meanwhile promised nothing.
      refused++
      if (node.isUp) fault(String(error))
    }
  }
}

async function churning(over: AbortSignal): Promise<void> {
  const each = 60_000 / ((option('churn') / 100) * nodes.length)
  const coming = new Set<Promise<void>>()
  while (!over.aborted) {
    await pause(each, over)
    const up = mortal.filter(({ isUp }) => isUp)
    const node = up[Math.floor(Math.random() * up.length)]
    if (node === undefined) continue
    stops++
    await node.stop(Math.random() < 0.5 ? 'SIGKILL' : 'SIGTERM')
    const back = pause(5_000 + Math.random() * 15_000, over)
      .then(() => node.start(bootstraps()))
      .catch(error => fault(String(error)))
      .finally(() => coming.delete(back))
    coming.add(back)
  }
  await Promise.all(coming)
}

async function sampling(over: AbortSignal, minute: () => number): Promise<void> {
  while (!over.aborted) {
    for (const node of steady) {
      const { held, resident: all } = await node.memory()
      samples.set(node, [...(samples.get(node) ?? []), [minute(), held]])
      resident.set(node, [...(resident.get(node) ?? []), [minute(), all]])
    }
    await pause(SAMPLE_EVERY_MS, over)
  }
}

async function telling(over: AbortSignal, minute: () => number): Promise<void> {
  while (!over.aborted) {
    await pause(300_000, over)
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

function report(convergedMs: number): void {
  console.log(
    `${nodes.length} nodes, ${option('minutes')} minutes, ${option('churn')} % stopped a minute (${stops} in all, half of them killed), ${acknowledged.length} releases acknowledged, ${refused} not`,
  )
  console.log(
    `one catalogue everywhere ${(convergedMs / 1_000).toFixed(1)} s after the end; faults: ${faults.length}\n`,
  )
  console.log(
    'memory of the nodes that stayed up: least of each minute, by minute 10 | end | growth an hour after settling',
  )
  for (const node of steady) {
    const [held, all] = [floors(samples.get(node) ?? []), floors(resident.get(node) ?? [])]
    console.log(`${node.name.padEnd(10)} heap and external ${rowOf(held)}   resident ${rowOf(all)}`)
  }
}

/** The least sample of each minute: what is left after a collection. */
function floors(points: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  const byMinute = Map.groupBy(points, ([minute]) => Math.floor(minute))
  return [...byMinute].map(([minute, of]) => [minute, Math.min(...of.map(([, bytes]) => bytes))] as const)
}

function rowOf(points: readonly (readonly [number, number])[]): string {
  const settled = points.filter(([minute]) => minute >= option('settle'))
  const at = (point: readonly [number, number] | undefined) => `${((point?.[1] ?? 0) / MIB).toFixed(1)}`.padStart(7)
  const growth = settled.length > 2 ? (slopeOf(settled) * 60) / MIB : Number.NaN
  return `${at(points.find(([minute]) => minute >= 10))} ${at(points.at(-1))} MiB ${growth.toFixed(2).padStart(7)} MiB/h`
}

/** Resolves early when `over` aborts. */
async function pause(ms: number, over?: AbortSignal): Promise<void> {
  await new Promise<void>(resolve => {
    const timer = setTimeout(resolve, ms)
    over?.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
