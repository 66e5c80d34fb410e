import { foldPublisher, type WellFormedRecord } from '../../../src/protocol/index.ts'
import { Publisher } from './cast.ts'
import { LIES, Liar } from './liar.ts'
import { Network } from './network.ts'
import { SimulatedNode } from './simulated-node.ts'
import { World } from './world.ts'

/** How one seed ended; `faults` is empty if every honest node holds every honest record and all agree on the digests. */
export interface Outcome {
  readonly seed: number
  readonly nodes: number
  readonly liars: number
  readonly records: number
  /** Rounds after the storm until all was there, or after which not. */
  readonly rounds: number
  readonly faults: readonly string[]
}

const honest = new Publisher('honest')
const chain = honest.chain(6, null, 'release')
const twoFaced = new Publisher('two-faced')
const stem = twoFaced.chain(2, null, 'stem')
const branches = [twoFaced.chain(3, stem[1]!, 'left'), twoFaced.chain(2, stem[1]!, 'right')] as const
/** As many rivals as a feed keeps: beyond them only what a void names is taken. */
const crowd = Array.from({ length: 8 }, (_, i) => twoFaced.chain(1, stem[1]!, `crowd ${i}`)[0]!)
const pin = twoFaced.void(branches[0][2]!)
const publishers = [honest, twoFaced]

/** Bad weather, partition and equivocation until this time, ms; from then on the network is whole. Liars lie on. */
const STORM_MS = 60_000
/** Rounds after the storm in which all has to come: one for each hop of seven nodes, as the storm broke subscriptions. */
const MAX_ROUNDS = 6
const LONGEST_ROUND_MS = 36_000
const MAX_LIARS = 5

/** Runs the world of one seed. */
export async function simulate(seed: number): Promise<Outcome> {
  const world = new World(seed)
  const network = new Network(world, { loss: world.random() * 0.4, duplication: world.random() * 0.3 })
  const count = 4 + Math.floor(world.random() * 4)
  const nodes = Array.from({ length: count }, (_, i) => new SimulatedNode(network, `node${i}`, publishers))
  for (const node of nodes) network.add(node)
  const links = linksOf(world, nodes)
  const liars = surround(network, nodes)
  for (const [a, b] of links) network.dial(a, b)
  partition(network, nodes, links)
  const records = publish(world, nodes, world.random() < 0.5)
  world.after(STORM_MS, () => {
    Object.assign(network.weather, { loss: 0, duplication: 0 })
    for (const [a, b] of links) network.dial(a, b)
  })
  let lacking: readonly string[] = []
  let rounds = 0
  do {
    await world.runUntil(STORM_MS + ++rounds * LONGEST_ROUND_MS)
    lacking = disagreements(nodes, records)
  } while (lacking.length > 0 && rounds < MAX_ROUNDS)
  for (const node of nodes) await node.sync[Symbol.asyncDispose]()
  const faults = [...nodes.flatMap(node => node.faults), ...lacking]
  return { seed, nodes: count, liars, records: records.length, rounds, faults }
}

type Link = readonly [SimulatedNode, SimulatedNode]

/** A connected graph: a random tree and a few links more. */
function linksOf(world: World, nodes: readonly SimulatedNode[]): Link[] {
  const pick = (below: number) => nodes[Math.floor(world.random() * below)]!
  const tree = nodes.slice(1).map((node, i) => [node, pick(i + 1)] as const)
  const more = nodes.map(node => [node, pick(nodes.length)] as const).filter(([a, b]) => a !== b)
  return [...tree, ...more.slice(0, 3)]
}

/** Up to five liars, each linked to about every second node before anyone else is. */
function surround(network: Network, nodes: readonly SimulatedNode[]): number {
  const { random } = network.world
  const count = Math.floor(random() * (MAX_LIARS + 1))
  const known = [honest.genesis, honest.delegate, ...chain, twoFaced.genesis, twoFaced.delegate, ...stem]
  for (let i = 0; i < count; i++) {
    const lie = LIES[Math.floor(random() * LIES.length)]!
    const liar = new Liar(network, `liar${i}`, lie, known)
    network.add(liar)
    for (const node of nodes) if (random() < 0.5) network.dial(liar, node)
  }
  return count
}

/** Cuts the nodes in two for a while. */
function partition(network: Network, nodes: readonly SimulatedNode[], links: readonly Link[]): void {
  const { world } = network
  const border = 1 + Math.floor(world.random() * (nodes.length - 1))
  const across = links.filter(([a, b]) => nodes.indexOf(a) < border !== nodes.indexOf(b) < border)
  const start = world.random() * 20_000
  world.after(start, () => {
    for (const [a, b] of across) network.cut(a, b)
  })
  world.after(start + world.random() * 40_000, () => {
    for (const [a, b] of across) network.dial(a, b)
  })
}

/**
 * The honest publisher writes at one node; the two-faced one shows different branches at two, and where a void ends that, one node
 * has as many rivals as it keeps before it hears of the true branch. The answer is what every node has to hold.
 */
function publish(world: World, nodes: readonly SimulatedNode[], isPinned: boolean): WellFormedRecord[] {
  const [first, left, right] = [nodes[0]!, nodes[1]!, nodes.at(-1)!]
  const write = (node: SimulatedNode, records: readonly WellFormedRecord[], apartMs: number) => {
    let at = 0
    for (const record of records) {
      at += world.random() * apartMs
      world.after(at, () => void node.write(record))
    }
  }
  const trunk = [twoFaced.genesis, twoFaced.delegate, ...stem]
  const needed = [honest.genesis, honest.delegate, ...chain, ...trunk, ...branches[0]]
  write(first, [honest.genesis, honest.delegate, ...chain], 8_000)
  write(left, [...trunk, ...branches[0]], isPinned ? 0 : 8_000)
  write(right, [...trunk, ...branches[1], ...(isPinned ? crowd : [])], isPinned ? 0 : 8_000)
  if (!isPinned) return [...needed, ...branches[1]]
  world.after(world.random() * STORM_MS, () => void left.write(pin))
  return [...needed, pin]
}

function disagreements(nodes: readonly SimulatedNode[], records: readonly WellFormedRecord[]): string[] {
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
