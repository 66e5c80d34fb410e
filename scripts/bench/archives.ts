/**
 * What `hanse verify archive` says of real npm packages, and how fast: of every package archive in npm's cache.
 *
 *   archives [--cache DIR] [--list FILE [--count N]]
 *
 * With --list, one package name a line and the most used first, only packages among its first N (1,000) names count.
 * It asks no registry: what npm did not fetch for another reason is not measured.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs, promisify } from 'node:util'

interface Package {
  readonly name: string
  readonly version: string
  readonly integrity: string
}

interface Checked {
  readonly id: string
  readonly bytes: number
  readonly ms: number
  /** Null for an archive that passed. */
  readonly code: string | null
}

/** One line of npm's cache index, as far as it is read here. */
interface CacheEntry {
  readonly key: string
  readonly integrity?: string | null
}

const HANSE = join(import.meta.dirname, '../../dist/hanse.js')

const { values: flags } = parseArgs({
  options: {
    cache: { type: 'string' },
    list: { type: 'string' },
    count: { type: 'string', default: '1000' },
  },
})
const listed = flags.list === undefined ? null : await listedNames(flags.list, Number(flags.count))
const cache = join(flags.cache ?? (await npmCache()), '_cacache')
const packages = (await cachedPackages(cache)).filter(({ name }) => listed?.has(name) ?? true)

const checked: Checked[] = []
const verifier = spawn(process.execPath, [HANSE, 'verify', 'archive'], { stdio: ['pipe', 'pipe', 'inherit'] })
const verdicts = createInterface({ input: verifier.stdout })[Symbol.asyncIterator]()
try {
  verifier.stdin.write('{}\n')
  await verdicts.next() // loads the program, which is no part of an archive's time
  for (const wanted of packages) {
    const path = contentPath(cache, wanted.integrity)
    const file = await stat(path).catch(() => null)
    if (file !== null) checked.push(await check(verifier, wanted, path, file.size))
  }
} finally {
  verifier.stdin.end()
}
report()

async function check(
  { stdin }: ChildProcess,
  { name, version }: Package,
  path: string,
  bytes: number,
): Promise<Checked> {
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version.replaceAll('+', '%2B')}`
  const began = performance.now()
  if (!stdin!.write(`${JSON.stringify({ path, as: 'npm', purl })}\n`)) await once(stdin!, 'drain')
  const { value, done } = await verdicts.next()
  if (done) throw new Error(`hanse verify archive ended at ${purl}`)
  const ms = performance.now() - began
  const { ok, code } = JSON.parse(value) as { ok: boolean; code?: string }
  return { id: `${name}@${version}`, bytes, ms, code: ok ? null : (code ?? 'no code') }
}

function report(): void {
  const refused = checked.filter(({ code }) => code !== null)
  const times = checked.map(({ ms }) => ms).sort((left, right) => left - right)
  const megabytes = checked.reduce((sum, { bytes }) => sum + bytes, 0) / 1e6
  const seconds = times.reduce((sum, ms) => sum + ms, 0) / 1e3
  const names = new Set(checked.map(({ id }) => id.slice(0, id.lastIndexOf('@')))).size
  print(
    'checked',
    checked.length,
    listed === null ? `of ${names} names` : `of ${names} among ${listed.size} listed names`,
  )
  print('passed', checked.length - refused.length)
  print('refused', refused.length)
  for (const { code, id } of refused) console.log(`  ${code}  ${id}`)
  print('median', (times[Math.floor(times.length / 2)] ?? 0).toFixed(1), 'ms an archive')
  print('slowest', (times.at(-1) ?? 0).toFixed(1), `ms, ${checked.find(({ ms }) => ms === times.at(-1))?.id ?? ''}`)
  print(
    'rate',
    (seconds === 0 ? 0 : megabytes / seconds).toFixed(1),
    `MB/s of packed bytes, ${megabytes.toFixed(1)} MB`,
  )
}

/** The package archives that npm's cache (cacache) names by their address, each version once, by name. */
async function cachedPackages(cache: string): Promise<Package[]> {
  const index = join(cache, 'index-v5')
  const found = new Map<string, Package>()
  for (const file of await readdir(index, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue
    for (const line of (await readFile(join(file.parentPath, file.name), 'utf8')).split('\n')) {
      const entry = packageOf(line)
      if (entry !== null) found.set(`${entry.name}@${entry.version}`, entry)
    }
  }
  return [...found.values()].sort((left, right) => (left.name < right.name ? -1 : 1))
}

/** A line is a checksum, a tab and JSON; its key ends in `NAME/-/LAST_PART_OF_NAME-VERSION.tgz`. */
function packageOf(line: string): Package | null {
  const json = line.slice(line.indexOf('\t') + 1)
  if (json === '') return null
  const { key, integrity } = JSON.parse(json) as CacheEntry
  const [, scope = '', last, version] = /(@[^/]+\/)?([^/]+)\/-\/\2-([^/]+)\.tgz$/.exec(key) ?? []
  if (!integrity || last === undefined || version === undefined) return null
  return { name: scope + last, version: decodeURIComponent(version), integrity }
}

async function listedNames(path: string, count: number): Promise<ReadonlySet<string>> {
  const names = (await readFile(path, 'utf8')).split('\n').map(line => line.trim())
  return new Set(names.filter(name => name !== '').slice(0, count))
}

async function npmCache(): Promise<string> {
  const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'cache', '--loglevel=error'])
  return stdout.trim()
}

/** Where cacache keeps the bytes of an integrity such as `sha512-…`. */
function contentPath(cache: string, integrity: string): string {
  const [algorithm = '', digest = ''] = integrity.split(' ')[0]!.split(/-(.*)/s)
  const hex = Buffer.from(digest, 'base64').toString('hex')
  return join(cache, 'content-v2', algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4))
}

function print(what: string, value: number | string, note = ''): void {
  console.log(`${what.padEnd(24)} ${String(value).padStart(8)} ${note}`.trimEnd())
}
