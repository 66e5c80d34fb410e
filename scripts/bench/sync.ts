/**
 * Records from one process to another over loopback, every signature verified, stored on disk: ours, ours as a whole node that
 * folds and indexes as well, hypercore and OrbitDB, in turns. Medians of the rounds.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { cpus, homedir, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { installPackages } from './search-engines/peer-package.ts'
import { tableOf } from './search-engines/table.ts'
import { CONTENDERS, type ContenderName } from './sync-peers/contender.ts'
import { type MadeFeeds, makeFeeds } from './sync-peers/made-feeds.ts'
import { PEER_PACKAGES } from './sync-peers/peer-packages.ts'
import { slowLink } from './sync-peers/slow-link.ts'
import { SyncProcess } from './sync-peers/sync-process.ts'

const TEXT = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    records: { ...TEXT, default: '100000' },
    publishers: { ...TEXT, default: '50' },
    /** OrbitDB needs 5 ms a record and more. */
    'orbitdb-records': { ...TEXT, default: '2000' },
    /** Round-trip time, ms, between the processes, of all but hypercore and OrbitDB. */
    rtt: { ...TEXT, default: '0' },
    /** Speed of that link each way, Mbit/s. */
    mbit: { ...TEXT, default: '200' },
    rounds: { ...TEXT, default: '3' },
    contenders: { ...TEXT, default: CONTENDERS.join(',') },
    cache: { ...TEXT, default: join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hanse-bench') },
  },
})
const rtt = Number(values.rtt)
const OURS: ReadonlySet<ContenderName> = new Set(['ours', 'node', 'snapshot', 'node-snapshot'])
const BY_SNAPSHOT: ReadonlySet<ContenderName> = new Set(['snapshot', 'node-snapshot'])
const wanted = CONTENDERS.filter(name => values.contenders.split(',').includes(name))
const packages = join(values.cache, 'sync')
if (wanted.some(name => name === 'hypercore' || name === 'orbitdb')) await installPackages(packages, PEER_PACKAGES)

/** One measured joining. */
interface Figures {
  readonly perSecond: number
  readonly cpuMs: number
  readonly serverCpuMs: number
  readonly peakBytes: number
}

const folder = await mkdtemp(join(tmpdir(), 'hanse-sync-'))
try {
  const records = Number(values.records)
  const many = await makeFeeds(join(folder, 'many'), records, Number(values.publishers))
  const oneFeed = rtt === 0 && wanted.some(name => name !== 'orbitdb' && !BY_SNAPSHOT.has(name))
  const one = oneFeed ? await makeFeeds(join(folder, 'one'), records, 1) : null
  const few = wanted.includes('orbitdb')
    ? await makeFeeds(join(folder, 'few'), Number(values['orbitdb-records']), 1)
    : null
  console.log(`${records} records of ${many.meanBytes} B in one feed, and in those of ${values.publishers} publishers`)
  console.log(`${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}\n`)
  await using stack = new AsyncDisposableStack()
  const rows: { readonly contender: ContenderName; readonly what: string; readonly made: MadeFeeds }[] = []
  for (const contender of wanted) {
    if (contender === 'orbitdb') {
      if (few !== null) rows.push({ contender, what: `${few.records} records`, made: few })
      continue
    }
    if (one !== null && !BY_SNAPSHOT.has(contender)) rows.push({ contender, what: 'one feed', made: one })
    if (OURS.has(contender)) rows.push({ contender, what: `${values.publishers} publishers`, made: many })
  }
  const lanes: ((typeof rows)[number] & { readonly server: SyncProcess })[] = []
  for (const row of rows) lanes.push({ ...row, server: stack.use(await serve(row.contender, row.made)) })
  const all = lanes.map((): Figures[] => [])
  for (let round = 0; round < Number(values.rounds); round++)
    for (const [i, { contender, made, server }] of lanes.entries()) all[i]?.push(await receive(contender, made, server))
  const medians = all.map(mediansOf)
  const medianOf = (wanted: ContenderName, of?: MadeFeeds) =>
    medians[lanes.findIndex(({ contender, made }) => contender === wanted && (of === undefined || made === of))]
  const head = ['contender', 'records/s', 'ours is', 'receiver CPU/record', 'server CPU/record', 'receiver peak']
  console.log(
    tableOf(
      head,
      lanes.map(({ contender, what, made }, i) => {
        const { perSecond, cpuMs, serverCpuMs, peakBytes } = medians[i]!
        const each = (ms: number) => `${((ms / made.records) * 1_000).toFixed(0)} µs`
        const ours = medianOf('ours', made) ?? medianOf('ours')
        const times = ours === undefined ? '' : `x ${(ours.perSecond / perSecond).toFixed(2)}`
        const rate = Math.round(perSecond).toLocaleString('en')
        return [
          `${contender}, ${what}`,
          rate,
          times,
          each(cpuMs),
          each(serverCpuMs),
          `${Math.round(peakBytes / 1e6)} MB`,
        ]
      }),
    ),
  )
  for (const [whole, snapshot, feeds] of [
    ['stores', 'snapshot', 'ours'],
    ['folds and indexes as well', 'node-snapshot', 'node'],
  ] as const) {
    const [fast, slow] = [medianOf(snapshot, many), medianOf(feeds, many)]
    if (fast === undefined || slow === undefined) continue
    const times = (fast.perSecond / slow.perSecond).toFixed(1)
    console.log(`a node that ${whole} joins ${times} x as fast from a snapshot as from ${values.publishers} feeds`)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function emptyFolder(): Promise<string> {
  await mkdir(folder, { recursive: true })
  return await mkdtemp(join(folder, 'place-'))
}

async function serve(contender: ContenderName, { file }: MadeFeeds): Promise<SyncProcess> {
  return await SyncProcess.start(packages, { do: 'serve', contender, folder: await emptyFolder(), file })
}

async function receive(contender: ContenderName, made: MadeFeeds, server: SyncProcess): Promise<Figures> {
  const place = await emptyFolder()
  try {
    return await receiveInto(place, contender, made, server)
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

async function receiveInto(
  place: string,
  contender: ContenderName,
  made: MadeFeeds,
  server: SyncProcess,
): Promise<Figures> {
  const before = await usedBy(server)
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(place, { recursive: true, force: true }))
  const receiver = stack.use(await SyncProcess.start(packages, { do: 'receive', contender, folder: place }))
  const { publishers, records } = made
  const way = stack.use(await wayTo(contender, server.address))
  const answer = await receiver.ask({ do: 'begin', address: way.address, publishers, records })
  if (answer.is !== 'done') throw new Error(`${contender} answered ${answer.is}`)
  const serverCpuMs = (await usedBy(server)) - before
  return { perSecond: (records / answer.ms) * 1_000, ...answer.used, serverCpuMs }
}

/** Over a slow link if one is wanted. */
async function wayTo(contender: ContenderName, address: string) {
  const stack = new AsyncDisposableStack()
  const way = (at: string) => ({ address: at, [Symbol.asyncDispose]: () => stack.disposeAsync() })
  const port = /\/tcp\/(\d+)/.exec(address)?.[1]
  if (rtt === 0 || port === undefined || !OURS.has(contender)) return way(address)
  const link = stack.use(await slowLink(Number(port), { oneWayMs: rtt / 2, mbitPerSecond: Number(values.mbit) }))
  return way(address.replace(`/tcp/${port}`, `/tcp/${link.port}`))
}

async function usedBy(server: SyncProcess): Promise<number> {
  const answer = await server.ask({ do: 'used' })
  return answer.is === 'used' ? answer.used.cpuMs : 0
}

function mediansOf(rounds: readonly Figures[]): Figures {
  const median = (of: (figures: Figures) => number) =>
    rounds.map(of).toSorted((a, b) => a - b)[rounds.length >> 1] ?? Number.NaN
  return {
    perSecond: median(each => each.perSecond),
    cpuMs: median(each => each.cpuMs),
    serverCpuMs: median(each => each.serverCpuMs),
    peakBytes: median(each => each.peakBytes),
  }
}
