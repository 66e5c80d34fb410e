import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contender, ContenderName, RunningRegistry } from './contender.ts'
import { type Figures, medianOf, p99Of } from './figures.ts'
import { type LoadedRequest, loadOf, NPM_HEADERS } from './http-load.ts'
import type { MeasureName } from './measures.ts'
import type { NpmClient } from './npm-client.ts'
import type { BenchOptions } from './options.ts'
import { publishTimes } from './publish-load.ts'
import type { ReplayUpstream } from './replay-upstream.ts'
import { freePort } from './service-process.ts'

/** What every round works with. */
export interface Bench {
  readonly options: BenchOptions
  readonly figures: Figures
  readonly upstream: ReplayUpstream
  readonly npm: NpmClient
  readonly lock: string
  readonly loads: Readonly<Record<LoadName, LoadedRequest>>
  /** Below it each round has a folder for each contender. */
  readonly folder: string
}

export type LoadName = 'packument' | 'react' | 'tarball' | 'missing'
const LOADS: readonly LoadName[] = ['packument', 'tarball', 'missing', 'react']

interface Entrant {
  readonly name: ContenderName
  readonly contender: Contender | null
  readonly folder: string
  readonly port: number
  registry: RunningRegistry
}

/** One round of everything that was asked for: each measure for every contender in turn. */
export async function runRound(bench: Bench, contenders: readonly Contender[], round: number): Promise<void> {
  const entrants: Entrant[] = []
  try {
    for (const contender of contenders) entrants.push(await enter(bench, contender, round))
    const direct: Entrant = {
      name: 'upstream',
      contender: null,
      folder: '',
      port: 0,
      registry: directTo(bench.upstream),
    }
    const all = turned([...entrants, direct], round)
    // A burst is many installs: one round of it says enough.
    if (round === 0) await measureColdBurst(bench, entrants)
    await measureInstalls(bench, all)
    if (round === 0) await measureBurst(bench, all)
    await measureLoads(bench, entrants)
    await measureDown(bench, entrants)
  } finally {
    for (const { registry } of entrants) await registry[Symbol.asyncDispose]()
    if (bench.options.keep === null)
      for (const { folder } of entrants) await rm(folder, { recursive: true, force: true })
  }
}

async function enter(bench: Bench, contender: Contender, round: number): Promise<Entrant> {
  const folder = join(bench.folder, `${contender.name}-${round}`)
  const port = await freePort()
  return { name: contender.name, contender, folder, port, registry: await contender.start(folder, port) }
}

/** The upstream itself, in this process. */
const directTo = ({ url }: ReplayUpstream): RunningRegistry => ({
  url,
  publisher: async () => ({}),
  readyMs: 0,
  residentMiB: async () => null,
  [Symbol.asyncDispose]: async () => {},
})

const turned = <T>(all: readonly T[], by: number): readonly T[] => [
  ...all.slice(by % all.length),
  ...all.slice(0, by % all.length),
]

const wants = ({ options }: Bench, ...names: readonly MeasureName[]): boolean =>
  names.some(name => options.only.has(name))

async function measureInstalls(bench: Bench, all: readonly Entrant[]): Promise<void> {
  const { npm, lock } = bench
  // What comes after needs warm servers, whether that is asked for or not.
  await measureEach(bench, 'cold', all, ({ url }) => npm.install(url), true)
  await measureEach(bench, 'warm', all, ({ url }) => npm.install(url))
  await measureEach(bench, 'ci', all, ({ url }) => npm.cleanInstall(url, lock))
}

async function measureBurst(bench: Bench, all: readonly Entrant[]): Promise<void> {
  await measureEach(bench, 'burst', all, ({ url }) => burstOf(bench, url))
}

/** On servers of its own, as they must be cold. */
async function measureColdBurst(bench: Bench, entrants: readonly Entrant[]): Promise<void> {
  if (!wants(bench, 'cold-burst', 'asked')) return
  for (const { name, contender } of entrants) {
    const folder = join(bench.folder, `${name}-burst`)
    await using registry = await contender!.start(folder, await freePort())
    const before = bench.upstream.requests
    bench.figures.add('cold-burst', name, await burstOf(bench, registry.url))
    bench.figures.add('asked', name, bench.upstream.requests - before)
  }
}

async function burstOf({ npm, lock, options }: Bench, url: string): Promise<number> {
  return p99Of(await Promise.all(Array.from({ length: options.clients }, () => npm.cleanInstall(url, lock))))
}

async function measureLoads(bench: Bench, entrants: readonly Entrant[]): Promise<void> {
  const { options, loads, figures } = bench
  for (const load of LOADS) {
    const { path, ...request } = loads[load]
    await measureEach(bench, load, entrants, ({ url }) => {
      const { origin, pathname } = new URL(url)
      return loadOf(origin, { ...request, path: `${pathname}${path}` }, options.loadMs)
    })
  }
  await measureEach(bench, 'publish', entrants, async registry => medianOf(await publishTimes(registry)) ?? Number.NaN)
  if (!wants(bench, 'memory')) return
  for (const { name, registry } of entrants) figures.add('memory', name, (await registry.residentMiB()) ?? Number.NaN)
}

/** Restarted an hour later: how long a start takes, and what it serves without its upstream. */
async function measureDown(bench: Bench, entrants: readonly Entrant[]): Promise<void> {
  if (!wants(bench, 'start', 'down')) return
  for (const entrant of entrants) {
    await entrant.registry[Symbol.asyncDispose]()
    await entrant.contender!.age(entrant.folder)
    entrant.registry = await entrant.contender!.start(entrant.folder, entrant.port)
    if (wants(bench, 'start')) bench.figures.add('start', entrant.name, entrant.registry.readyMs)
  }
  await bench.upstream.close()
  try {
    await measureEach(bench, 'down', entrants, ({ url }) => bench.npm.install(url))
  } finally {
    await bench.upstream.open()
  }
}

async function measureEach(
  bench: Bench,
  measure: MeasureName,
  entrants: readonly Entrant[],
  work: (registry: RunningRegistry) => Promise<number>,
  always = false,
): Promise<void> {
  if (!always && !wants(bench, measure)) return
  for (const { name, registry } of entrants) {
    const value = await work(registry)
    if (wants(bench, measure)) bench.figures.add(measure, name, value)
  }
}

/** The requests of the loads for a recorded project. */
export function loadsOf(packument: string, tarball: string): Bench['loads'] {
  const packumentOf = (path: string) => ({ path, headers: NPM_HEADERS, status: 200 })
  return {
    packument: packumentOf(packument),
    react: packumentOf('react'),
    tarball: { path: tarball, headers: { 'user-agent': 'npm/11' }, status: 200 },
    missing: { path: 'hanse-bench-is-missing', headers: NPM_HEADERS, status: 404 },
  }
}
