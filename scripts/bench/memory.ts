/** Live bytes per release of a library (catalogue, access, search index), and the times of its fold. No peers, no HTTP. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mergeInWorker, openSearchIndex } from '../../src/node/index/index.ts'
import { Library } from '../../src/node/library/library.ts'
import { openLevelDatabase, RecordStore } from '../../src/node/storage/index.ts'
import type {
  BlockId,
  PackageName,
  ReleaseName,
  ReleaseOp,
  Sha256,
  WellFormedRecord,
} from '../../src/protocol/index.ts'
import { MadePublisher } from './federated-search-nodes/made-publisher.ts'

const NET = 'main'
const BATCH = 500
const LOOKUPS = 5_000
const VERSIONS_OF_LONG = 2_000
const SINGLES = 70
const CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku' as BlockId

const { values } = parseArgs({
  options: {
    before: { type: 'string', default: '5000' },
    releases: { type: 'string', default: '20000' },
    publishers: { type: 'string', default: '20' },
    packages: { type: 'string', default: '2000' },
  },
})
const [before, releases, publisherCount, packageCount] = [
  values.before,
  values.releases,
  values.publishers,
  values.packages,
].map(Number) as [number, number, number, number]

async function whileGrowing(): Promise<void> {
  await using open = await openAll()
  await takeIn(open, rootsOf(publishers))
  print('empty', `${mib(liveBytes())} MiB`)
  const took = await releaseMany(open, 0, before)
  await settle(open)
  const first = liveBytes()
  print(`${before} releases`, `${mib(first)} MiB`)
  const tookLater = await releaseMany(open, before, releases)
  await settle(open)
  const second = liveBytes()
  print(`${releases} releases`, `${mib(second)} MiB`)
  print('live memory', `${Math.round((second - first) / (releases - before))} bytes a release`)
  print('taken in', `${cost(took, before)} us of CPU a release: stored, folded, indexed, from nothing`)
  print('', `${cost(tookLater, releases - before)} us of CPU a release behind what is there`)
}

async function afterRestart(): Promise<void> {
  const closed = liveBytes()
  const began = process.cpuUsage()
  await using open = await openAll()
  print('start', `${Math.round(cpuMsSince(began))} ms of CPU for ${releases} releases`)
  print('after a start', `${Math.round((liveBytes() - closed) / releases)} bytes a release, packages and all`)
  const digested = performance.now()
  open.library.catalogue.digest()
  print('first digest', `${Math.round(performance.now() - digested)} ms`)
  print('lookup', lookups(open.library))
  print('one more version', await oneMore(open))
}

function cost(ms: number, count: number): number {
  return Math.round((ms * 1_000) / count)
}

/** Single releases, as they come most of the time: what a burst left in caches goes. */
async function settle(open: Opened): Promise<void> {
  for (let i = 0; i < SINGLES; i++) await takeIn(open, [publishers[0]!.append(releaseOf('single', singles++))])
}

/** Looks random packages up. */
function lookups(library: Library): string {
  const times: number[] = []
  for (let i = 0; i < LOOKUPS; i++) {
    const at = Math.floor(Math.random() * packageCount)
    const from = performance.now()
    const found = library.package(publisherOf(at).root[0].publisher, nameOf(at))
    times.push(performance.now() - from)
    if (found === null) throw new Error(`${nameOf(at)} is not there`)
  }
  return `p50 ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms`
}

/** A package with many versions gets one more, many times; others are looked up between. */
async function oneMore(open: Opened): Promise<string> {
  const publisher = publishers[0]!
  const long = 'long'
  const records: WellFormedRecord[] = []
  for (let i = 0; i < VERSIONS_OF_LONG; i++) records.push(publisher.append(releaseOf(long, i)))
  for (let i = 0; i < records.length; i += BATCH) await takeIn(open, records.slice(i, i + BATCH))
  const times: number[] = []
  for (let i = 0; i < 100; i++) {
    const record = publisher.append(releaseOf(long, VERSIONS_OF_LONG + i))
    await open.records.append([record])
    const from = performance.now()
    await open.library.absorb([record])
    times.push(performance.now() - from)
  }
  return `p50 ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms to absorb, ${VERSIONS_OF_LONG} versions before`
}

type Opened = Awaited<ReturnType<typeof openAll>>

async function openAll() {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await openLevelDatabase(join(folder, 'db')))
  const index = stack.use(
    await openSearchIndex(database.table('index'), {
      runMerge: mergeInWorker({ location: database.folder, sublevel: 'index' }),
      onMergeFailed: error => console.error(error),
    }),
  )
  const records = new RecordStore(database)
  const library = await Library.open({ net: NET, database, records, index })
  return { records, library, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

/** Releases from one number to another; ms of CPU that taking them in took. */
async function releaseMany(open: Opened, from: number, to: number): Promise<number> {
  let took = 0
  for (let i = from; i < to; i += BATCH) {
    const batch: WellFormedRecord[] = []
    for (let n = i; n < Math.min(to, i + BATCH); n++) {
      const at = n % packageCount
      batch.push(publisherOf(at).append(releaseOf(nameOf(at), Math.floor(n / packageCount))))
    }
    const began = process.cpuUsage()
    await takeIn(open, batch)
    took += cpuMsSince(began)
  }
  return took
}

async function takeIn({ records, library }: Opened, batch: readonly WellFormedRecord[]): Promise<void> {
  await records.append(batch)
  await library.absorb(batch)
}

const rootsOf = (all: readonly MadePublisher[]): WellFormedRecord[] => all.flatMap(({ root }) => root)
const publisherOf = (at: number): MadePublisher => publishers[at % publisherCount]!
const nameOf = (at: number): PackageName => `pkg:npm/lib-${at}` as PackageName

function releaseOf(of: string, version: number): ReleaseOp {
  const name = of.startsWith('pkg:') ? of : `pkg:npm/${of}`
  const integrity = [`sha512-${randomBytes(64).toString('base64')}`]
  const sha256 = randomBytes(32).toString('hex') as Sha256
  return {
    op: 'release',
    purl: `${name}@1.${version}.0` as ReleaseName,
    artifacts: [{ name: `x-1.${version}.0.tgz`, cid: CID, size: 12_345, sha256, integrity }],
    summary: {
      description: `A small library that does one thing well and says so in a sentence of usual length, number ${version}`,
      keywords: ['http', 'client', 'fast', 'typed', 'stream'],
      license: 'MIT',
      dependencies: ['alpha', 'beta', 'delta', 'epsilon'].map(each => [`${each}-pkg`, '^1.2.3', 'runtime'] as const),
      scripts: false,
    },
  }
}

/** Of all threads, collector and LevelDB's own among them: on a shared machine they say more than the clock. */
function cpuMsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1_000
}

/** Bytes of heap and external memory that the program holds on to. */
function liveBytes(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function quantile(times: readonly number[], share: number): string {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * share)]!.toFixed(2)
}

const mib = (bytes: number): string => (bytes / (1 << 20)).toFixed(1)

function print(what: string, value: string): void {
  console.log(`${what.padEnd(18)} ${value}`)
}

let singles = 0
const publishers = Array.from({ length: publisherCount }, () => new MadePublisher())
const folder = await mkdtemp(join(tmpdir(), 'hanse-memory-'))
try {
  await whileGrowing()
  await afterRestart()
} finally {
  await rm(folder, { recursive: true, force: true })
}
