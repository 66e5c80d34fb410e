import { foldPublisher, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { Publisher } from './cast.ts'
import { Network, SimulatedNode } from './network.ts'
import { World } from './world.ts'

/** How one seed ended; `faults` is empty if every honest node holds every honest record and all agree on the digests. */
export interface Outcome {
  readonly seed: number
  readonly nodes: number
  readonly records: number
  readonly faults: readonly string[]
}

const honest = new Publisher('honest')
const chain = honest.chain(6, null, 'release')
const twoFaced = new Publisher('two-faced')
const stem = twoFaced.chain(2, null, 'stem')
const branches = [twoFaced.chain(3, stem[1]!, 'left'), twoFaced.chain(2, stem[1]!, 'right')] as const
const pin = twoFaced.void(branches[0][2]!)
const publishers = [honest, twoFaced]

/** Bad weather, partition and equivocation until this time, ms; from then on the network is whole. */
const STORM_MS = 60_000
/** Three rounds and their time-outs after the storm, ms. */
const END_MS = STORM_MS + 200_000

/** Runs the world of one seed. */
export async function simulate(seed: number): Promise<Outcome> {
  const world = new World(seed)
  const network = new Network(world, { loss: world.random() * 0.4, duplication: world.random() * 0.3 })
  const count = 4 + Math.floor(world.random() * 4)
  for (let i = 0; i < count; i++)
    network.nodes.push(
      new SimulatedNode(
        network,
        `node${i}`,
        publishers.map(({ id }) => id),
      ),
    )
  const links = linksOf(network)
  for (const [a, b] of links) network.link(a, b)
  partition(network, links)
  const records = publish(network, world.random() < 0.5)
  world.after(STORM_MS, () => {
    Object.assign(network.weather, { loss: 0, duplication: 0 })
    for (const [a, b] of links) network.link(a, b)
  })
  await world.runUntil(END_MS)
  const faults = [...network.nodes.flatMap(node => node.faults), ...(await disagreements(network, records))]
  for (const node of network.nodes) await node.sync[Symbol.asyncDispose]()
  return { seed, nodes: count, records: records.length, faults }
}

/** A connected graph: a random tree and a few links more. */
function linksOf({ nodes, world }: Network): (readonly [SimulatedNode, SimulatedNode])[] {
  const pick = (below: number) => nodes[Math.floor(world.random() * below)]!
  const tree = nodes.slice(1).map((node, i) => [node, pick(i + 1)] as const)
  const more = nodes.map(node => [node, pick(nodes.length)] as const).filter(([a, b]) => a !== b)
  return [...tree, ...more.slice(0, 3)]
}

/** Cuts the nodes in two for a while. */
function partition(network: Network, links: readonly (readonly [SimulatedNode, SimulatedNode])[]): void {
  const { world, nodes } = network
  const border = 1 + Math.floor(world.random() * (nodes.length - 1))
  const across = links.filter(([a, b]) => nodes.indexOf(a) < border !== nodes.indexOf(b) < border)
  const start = world.random() * 20_000
  world.after(start, () => {
    for (const [a, b] of across) network.cut(a, b)
  })
  world.after(start + world.random() * 40_000, () => {
    for (const [a, b] of across) network.link(a, b)
  })
}

/** The honest publisher writes at one node; the two-faced one shows different branches at two. */
function publish({ nodes, world }: Network, isPinned: boolean): WellFormedRecord[] {
  const [first, left, right] = [nodes[0]!, nodes[1]!, nodes.at(-1)!]
  const written: WellFormedRecord[] = []
  const write = (node: SimulatedNode, records: readonly WellFormedRecord[]) => {
    let at = 0
    for (const record of records) {
      at += world.random() * 8_000
      world.after(at, () => void node.write(record))
    }
    written.push(...records)
  }
  write(first, [honest.genesis, honest.delegate, ...chain])
  const trunk = [twoFaced.genesis, twoFaced.delegate, ...stem]
  write(left, [...trunk, ...branches[0], ...(isPinned ? [pin] : [])])
  write(right, [...trunk, ...branches[1]])
  return [...new Set(written)]
}

async function disagreements({ nodes }: Network, records: readonly WellFormedRecord[]): Promise<string[]> {
  const faults: string[] = []
  for (const node of nodes)
    for (const { id, publisher, feed, seq } of records)
      if (!node.store.records.has(id))
        faults.push(`${node.peer} lacks ${publisher === honest.id ? 'honest' : 'two-faced'} ${feed.slice(0, 4)} ${seq}`)
  for (const { id } of publishers) {
    const digests = new Set(nodes.map(node => foldPublisher(id, node.store.records.values()).digest))
    if (digests.size > 1) faults.push(`${digests.size} digests of ${id}`)
  }
  return faults
}
