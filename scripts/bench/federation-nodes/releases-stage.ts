import { join } from 'node:path'
import type { WellFormedRecord } from '../../../src/protocol/index.ts'
import { type Asked, askAll } from '../federated-search-nodes/asking.ts'
import { feedsOf, fillHomeWith } from '../federated-search-nodes/fill-home.ts'
import { madeUpPackages, questionsAbout, seededRandom } from '../federated-search-nodes/made-packages.ts'
import { BenchNetwork, type NetworkSize } from './bench-network.ts'
import { percentile, row } from './figures.ts'
import { Follower } from './follower.ts'
import { settle } from './settle.ts'
import { DLO } from './spread-stage.ts'

const PUBLISHERS = 50
/** Publishers that each node holds: what it follows, caught up. */
const HELD = 4
/** Publishers between two of those that a node holds; with this many nodes all publishers are held. */
const STRIDE = Math.ceil(PUBLISHERS / HELD)
/** Peers that a new node is told of: what the keeper wants at least. */
const KNOWN_PEERS = 12
const LOOKUPS = 5_000
const QUESTIONS = 200

/** Releases of fifty publishers, each held by some of the nodes: lookups on a node that follows all, searches on one that follows none. */
export async function releasesStage(size: NetworkSize & { readonly releases: number }): Promise<void> {
  const { nodes, folder, degree, releases } = size
  const random = seededRandom()
  const began = performance.now()
  const packages = madeUpPackages(releases, random)
  const each = Math.ceil(releases / PUBLISHERS)
  const publishers = Array.from({ length: PUBLISHERS }, (_, p) => feedsOf(packages.slice(p * each, (p + 1) * each)))
  const heldBy = (node: number) =>
    Array.from({ length: HELD }, (_, i) => publishers[(node + i * STRIDE) % PUBLISHERS] as WellFormedRecord[])
  const halves = [Math.ceil(nodes / 2), Math.floor(nodes / 2)]
  const fill = (home: string, node: number) => fillHomeWith(home, heldBy(node))
  await using network = await BenchNetwork.start('ours', join(folder, 'releases'), halves, 0, fill)
  const startedMs = performance.now() - began
  await network.join(degree, DLO, random)
  const calmMs = await settle(network)
  const { rssBytes } = await network.usage()
  console.log(
    `${releases} releases of ${PUBLISHERS} publishers, ${HELD} publishers a node: filled and started in ${seconds(startedMs)}, calm ${seconds(calmMs)} after the mesh; ${(rssBytes / nodes / 2 ** 20).toFixed(1)} MB a node`,
  )
  const ids = publishers.map(([genesis]) => genesis!.publisher)
  const purls = packages.map(({ purl }) => purl)
  const lookedUp = Array.from({ length: LOOKUPS }, () => purls[Math.floor(random() * purls.length)]!)
  await lookUps(network, join(folder, 'follower'), ids, purls, lookedUp)
  const peers = new Set<number>()
  while (peers.size < Math.min(KNOWN_PEERS, nodes)) peers.add(Math.floor(random() * nodes))
  const questions = questionsAbout(packages, QUESTIONS, random)
  show(
    await askAll(
      [...peers].map(peer => network.addressOf(peer)),
      questions,
      false,
    ),
  )
}

/** A new node follows all publishers, has all their releases from its peers, and is asked for packages over HTTP. */
async function lookUps(
  network: BenchNetwork,
  home: string,
  publishers: readonly string[],
  purls: readonly string[],
  asked: readonly string[],
): Promise<void> {
  const known = Array.from({ length: Math.min(STRIDE, network.size) }, (_, node) => network.addressOf(node))
  await using follower = await Follower.start(home)
  const caughtUpMs = await follower.follow(publishers, known, purls.length)
  const { times, found } = await follower.lookUp(asked)
  console.log(`a new node follows all: every release there after ${seconds(caughtUpMs)}`)
  console.log(row('', ['p50', 'p95', 'p99', 'max', 'found']))
  console.log(row('lookup (HTTP)', [...spreadOf(times, 2), `${found}/${asked.length}`]))
}

function show(asked: readonly Asked[]): void {
  const found = asked.filter(({ rank }) => rank !== null).length
  const answered = asked.reduce((sum, each) => sum + each.answered, 0) / asked.length
  const cells = [
    ...spreadOf(
      asked.map(({ ms }) => ms),
      0,
    ),
    `${found}/${asked.length}`,
  ]
  console.log(row('search', cells), `  follows none; ${answered.toFixed(1)} peers answered each`)
}

const spreadOf = (times: readonly number[], digits: number): string[] =>
  [0.5, 0.95, 0.99, 1].map(share => `${percentile(times, share).toFixed(digits)} ms`)

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
