/**
 * Five sites with a node each, joined by an emulated wide area network. The first publishes, the others but the last mirror it, the
 * last installs what it does not have and searches what it does not follow; then two sites are cut off, and come back.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Site } from '../test-network/site.ts'
import { TestNetwork, TestNetworkError } from '../test-network/test-network.ts'

const LARGE_BYTES = 10_000_000
const SMALL_PACKAGES = 30
/** Packages to search for, a site. */
const BEACONS = 5
/** Between two searches, ms: peers answer five a second of one asker. */
const SEARCH_PAUSE_MS = 150
const POLL_MS = 200
const PATIENCE_MS = 180_000

const { values } = parseArgs({
  options: {
    sites: { type: 'string', default: '5' },
    rtt: { type: 'string', default: '50' },
    jitter: { type: 'string', default: '2' },
    loss: { type: 'string', default: '1' },
    mbit: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '7' },
    searches: { type: 'string', default: '100' },
    partition: { type: 'string', default: '600' },
    congestion: { type: 'string' },
  },
})
const option = (name: keyof typeof values): number => Number(values[name])

const folder = await mkdtemp(join(tmpdir(), 'hanse-wan-bench-'))
try {
  await measure()
} catch (error) {
  if (!(error instanceof TestNetworkError)) throw error
  console.error(`error[E_TEST_NETWORK]: ${error.message}\nhelp: ${error.hint}`)
  process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const weather = {
    rttMs: option('rtt'),
    jitterMs: option('jitter'),
    lossPercent: option('loss'),
    mbit: option('mbit'),
  }
  const count = option('sites')
  await using network = await TestNetwork.open(count, weather)
  if (values.congestion !== undefined)
    for (let i = 1; i <= count; i++) await network.tune(i, 'net.ipv4.tcp_congestion_control', values.congestion)
  await using stack = new AsyncDisposableStack()
  const sites: Site[] = []
  for (let i = 1; i <= count; i++) {
    const bootstrap = sites.slice(0, 1).map(({ ready }) => ready.address)
    sites.push(stack.use(await Site.start(network, i, join(folder, `site-${i}`), bootstrap)))
  }
  const [publisher, ...others] = sites as [Site, ...Site[]]
  const reader = others.at(-1)!
  const congestion =
    values.congestion ?? (await readFile('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').catch(() => '?')).trim()
  console.log(
    `${count} sites, ${weather.rttMs} ms RTT, ${weather.lossPercent} % loss each way, ${weather.mbit} Mbit/s, TCP ${congestion}\n`,
  )
  await until('all connected', async () => {
    const connected = await Promise.all(sites.map(each => connectedPeers(each)))
    return connected.every(peers => peers >= count - 1)
  })

  await relate(reader, 'allow', publisher)
  for (const mirror of others.slice(0, -1)) await relate(mirror, 'mirror', publisher)
  if (option('rounds') > 0)
    await installs('install of 10 MB, cold', 1, LARGE_BYTES, { publisher, mirrors: others.slice(0, -1), reader })
  const small = Math.floor(LARGE_BYTES / SMALL_PACKAGES)
  if (option('rounds') > 0)
    await installs('30 installs at once, 10 MB in all', SMALL_PACKAGES, small, {
      publisher,
      mirrors: others.slice(0, -1),
      reader,
    })
  if (option('searches') > 0) {
    await publishBeacons(others.slice(0, -1))
    await searches('federated search', others.length - 1, reader)
    await network.set({ ...weather, lossPercent: 0 })
    await searches('the same without loss', others.length - 1, reader)
    await network.set(weather)
  }
  if (option('partition') > 0) await partition(network, sites)
  console.log(`\nnetwork: ${await network.stats()}`)
}

interface Roles {
  readonly publisher: Site
  readonly mirrors: readonly Site[]
  readonly reader: Site
}

/** Packages that nobody but the publisher and its mirrors have, installed at once. */
async function installs(what: string, packages: number, bytes: number, roles: Roles): Promise<void> {
  const times: number[] = []
  for (let round = 0; round < option('rounds'); round++) {
    const names = Array.from({ length: packages }, (_, i) => `generic:cargo-${packages}-${round}-${i}@1.0.0`)
    const before = await Promise.all(roles.mirrors.map(artifactsOf))
    for (const purl of names) await publish(roles.publisher, purl, randomBytes(bytes))
    await until('mirrored', async () => {
      const now = await Promise.all(roles.mirrors.map(artifactsOf))
      return now.every((held, i) => held >= before[i]! + packages)
    })
    await same('the reader has the records', [roles.publisher, roles.reader], roles.publisher.ready.publisher)
    const began = performance.now()
    await Promise.all(names.map(purl => roles.reader.must('POST', '/api/install', { body: { purl } })))
    times.push(performance.now() - began)
  }
  print(what, times)
}

async function publishBeacons(others: readonly Site[]): Promise<void> {
  for (const [i, site] of others.entries())
    for (let n = 0; n < BEACONS; n++) await publish(site, `generic:beacon-${i}-${n}@1.0.0`, randomBytes(1_000))
}

/** Packages of publishers that the reader does not follow, by their exact names: each is at one site alone. */
async function searches(what: string, publishers: number, reader: Site): Promise<void> {
  const times: number[] = []
  let [found, whole] = [0, 0]
  for (let n = 0; n < option('searches'); n++) {
    const name = `beacon-${n % publishers}-${n % BEACONS}`
    const { body, ms } = await reader.must<SearchAnswer>('GET', `/api/search?q=${name}`)
    times.push(ms)
    if (body.hits.some(({ purl }) => purl.startsWith(`pkg:generic/${name}`))) found++
    if (!body.peers.partial) whole++
    await pause(SEARCH_PAUSE_MS)
  }
  const limit = option('rtt') + 50
  const within = times.filter(ms => ms <= limit).length
  print(what, times)
  console.log(
    `  of ${times.length}: found ${found}, heard from all peers ${whole}, within one round trip and 50 ms ${within}`,
  )
}

/** All follow all; two sites are cut off while everybody publishes. */
async function partition(network: TestNetwork, sites: readonly Site[]): Promise<void> {
  for (const site of sites) for (const other of sites) if (site !== other) await relate(site, 'follow', other)
  await same('one catalogue before the partition', sites)
  const away = sites.slice(-2)
  for (const { number } of away) await network.cut(number)
  const ends = Date.now() + option('partition') * 1_000
  let published = 0
  for (let n = 0; Date.now() < ends; n++) {
    for (const site of sites) {
      await publish(site, `generic:log-${site.number}-${n}@1.0.0`, randomBytes(500))
      published++
    }
    await pause(Math.min(15_000, Math.max(0, ends - Date.now())))
  }
  for (const { number } of away) await network.mend(number)
  const ms = await same('one catalogue after the partition', sites)
  const what = `${away.length} sites cut off for ${option('partition')} s, ${published} releases`
  console.log(`${what.padEnd(52)} same catalogue digest everywhere after ${(ms / 1_000).toFixed(1)} s`)
}

async function publish(site: Site, purl: string, bytes: Uint8Array): Promise<void> {
  const file = join(folder, `upload-${site.number}`)
  await writeFile(file, bytes)
  const query = new URLSearchParams({ name: 'package.bin', public: 'true', purl })
  await site.must('POST', `/api/publish?${query}`, { file })
}

async function relate(site: Site, action: string, { ready }: Site): Promise<void> {
  await site.must('POST', '/api/relations', { body: { action, publisher: ready.publisher } })
}

interface SearchAnswer {
  readonly hits: readonly { readonly purl: string }[]
  readonly peers: { readonly partial: boolean }
}

interface Status {
  readonly catalogueDigest: string
  readonly artifacts: number
}

async function statusOf(site: Site): Promise<Status> {
  return (await site.must<Status>('GET', '/api/status')).body
}

async function artifactsOf(site: Site): Promise<number> {
  return (await statusOf(site)).artifacts
}

async function connectedPeers(site: Site): Promise<number> {
  const { body } = await site.must<readonly { readonly state: string }[]>('GET', '/api/peers')
  return body.filter(({ state }) => state === 'connected').length
}

/** Waits until sites agree on a publisher, or on everything; how long that took, ms. */
async function same(what: string, sites: readonly Site[], publisher?: string): Promise<number> {
  const digestOf = async (site: Site) => {
    if (publisher === undefined) return (await statusOf(site)).catalogueDigest
    const { body } = await site.must<readonly { readonly id: string; readonly digest: string | null }[]>(
      'GET',
      '/api/publishers',
    )
    return body.find(({ id }) => id === publisher)?.digest ?? `none at ${site.number}`
  }
  return await until(what, async () => new Set(await Promise.all(sites.map(digestOf))).size === 1)
}

async function until(what: string, holds: () => Promise<boolean>): Promise<number> {
  const began = performance.now()
  while (!(await holds())) {
    if (performance.now() - began > PATIENCE_MS) throw new Error(`not within ${PATIENCE_MS / 1_000} s: ${what}`)
    await pause(POLL_MS)
  }
  return performance.now() - began
}

async function pause(ms: number): Promise<void> {
  await new Promise<void>(resolve => setTimeout(resolve, ms))
}

function print(what: string, times: readonly number[]): void {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number) => `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!.toFixed(0)} ms`
  console.log(`${what.padEnd(52)} p50 ${at(0.5).padStart(8)}   p95 ${at(0.95).padStart(8)}   max ${at(1).padStart(8)}`)
}
