/**
 * Federated search over loopback: nodes that hold packages of their own, and one that holds none and asks them; then with three
 * hostile peers beside them, then with three of them replaced by hostile ones.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Asked, askAll } from './federated-search-nodes/asking.ts'
import { startChild } from './federated-search-nodes/child.ts'
import { fillHome } from './federated-search-nodes/fill-home.ts'
import {
  madeUpPackages,
  packagesOf,
  type Question,
  questionsAbout,
  seededRandom,
} from './federated-search-nodes/made-packages.ts'

const HOSTILE = 3
const PROCESSES = 2
const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '10' },
    packages: { type: 'string', default: '5000' },
    publishers: { type: 'string', default: '5' },
    queries: { type: 'string', default: '200' },
    corpus: { type: 'string' },
  },
})
const [nodes, each, publishers, queries] = [values.nodes, values.packages, values.publishers, values.queries].map(
  Number,
) as [number, number, number, number]

const random = seededRandom()
const packages =
  values.corpus === undefined ? madeUpPackages(nodes * each, random) : await packagesOf(values.corpus, nodes * each)
/** Of every node the same share: package n is held by node n mod nodes. */
const holderOf = new Map(packages.map(({ purl }, i) => [purl, i % nodes]))
const folder = await mkdtemp(join(tmpdir(), 'hanse-federated-'))
try {
  const began = performance.now()
  const homes = Array.from({ length: nodes }, (_, i) => join(folder, `node-${i}`))
  for (const [i, home] of homes.entries()) {
    const own = packages.filter((_, at) => at % nodes === i)
    await fillHome(home, own, publishers)
  }
  await using processes = new AsyncDisposableStack()
  const share = Math.ceil(nodes / PROCESSES)
  const children = await Promise.all(
    Array.from({ length: PROCESSES }, (_, i) => startChild(['nodes', ...homes.slice(i * share, (i + 1) * share)])),
  )
  for (const child of children) processes.use(child)
  const addresses = children.flatMap(child => child.addresses)
  console.log(
    `${nodes} nodes with ${Math.floor(packages.length / nodes)} packages of ${publishers} publishers each, none held twice; ${queries} queries of one new node, half names, half words`,
  )
  console.log(
    `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, load ${loadavg()[0]?.toFixed(1)}; filled and started in ${seconds(began)}\n`,
  )
  console.log(
    rowOf('peers', [
      'p50',
      'p95',
      'p99',
      'max',
      'CPU p50',
      'found',
      'rank 1',
      'from nodes',
      'partial',
      'flood',
      'forged',
    ]),
  )
  const all = questionsAbout(packages, queries, random)
  show('all honest', await askAll(addresses, all, false), all)
  show(`and ${HOSTILE} hostile`, await askAll(addresses, all, true), all)
  const kept = packages.filter(({ purl }) => holderOf.get(purl)! < nodes - HOSTILE)
  const fewer = questionsAbout(kept, queries, random)
  show(`${HOSTILE} turned hostile`, await askAll(addresses.slice(0, nodes - HOSTILE), fewer, true), fewer)
} finally {
  await rm(folder, { recursive: true, force: true })
}

function show(what: string, asked: readonly Asked[], questions: readonly Question[]): void {
  const times = asked.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const cpu = asked.map(({ cpuMs }) => cpuMs).toSorted((a, b) => a - b)
  const at = (part: number) => `${times[Math.min(times.length - 1, Math.floor(times.length * part))]!.toFixed(0)} ms`
  const found = asked.filter(({ rank }) => rank !== null)
  const from = new Set(found.map(({ question }) => holderOf.get(question.purl)))
  const sum = (of: (each: Asked) => number) => asked.reduce((total, each) => total + of(each), 0)
  console.log(
    rowOf(what, [
      ...[at(0.5), at(0.95), at(0.99), at(1), `${cpu[cpu.length >> 1]!.toFixed(0)} ms`],
      ...[`${found.length}/${questions.length}`, `${asked.filter(({ rank }) => rank === 1).length}`, `${from.size}`],
      ...[
        `${asked.filter(({ partial }) => partial).length}`,
        `${sum(({ flooded }) => flooded)}`,
        `${sum(({ forged }) => forged)}`,
      ],
    ]),
  )
}

function rowOf(what: string, cells: readonly string[]): string {
  return what.padEnd(18) + cells.map(cell => cell.padStart(11)).join('')
}

function seconds(from: number): string {
  return `${((performance.now() - from) / 1000).toFixed(0)} s`
}
