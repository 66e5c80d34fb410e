import type { SimulatedNode } from './simulated-node.ts'
import type { Stage } from './stage.ts'

/** Bad weather, partitions, crashes and leaps of clocks until this time, ms; from then on the network is whole. Hostile peers go on. */
export const STORM_MS = 60_000
const LONGEST_DOWN_MS = 12_000
/** Forward alone: no monotonic clock goes back. */
const LONGEST_LEAP_MS = 86_400_000

/** Arranges what happens to honest nodes; the answer is how often one crashes. */
export function stormOver(stage: Stage): number {
  const { world, network, links } = stage
  partition(stage)
  const crashes = stage.below(5)
  for (let i = 0; i < crashes; i++) {
    const node = pick(stage)
    world.after(world.random() * (STORM_MS - LONGEST_DOWN_MS), () => {
      if (stage.below(2) === 0) crash(stage, node)
      else node.disk.whileWriting(stage.below(3), () => crash(stage, node))
    })
  }
  for (let i = stage.below(3); i > 0; i--) {
    const node = pick(stage)
    const ms = stage.below(2) === 0 ? world.random() * LONGEST_LEAP_MS : world.random() * 60_000
    world.after(world.random() * STORM_MS, () => node.clock.leap(ms))
  }
  world.after(world.random() * STORM_MS, () => stage.backUp())
  world.after(STORM_MS, () => {
    Object.assign(network.weather, { loss: 0, duplication: 0 })
    network.partition(() => false)
    for (const [a, b] of links) network.dial(a, b)
  })
  return crashes
}

function crash(stage: Stage, node: SimulatedNode): void {
  if (node.life === null || stage.world.now() > STORM_MS) return
  node.crash()
  stage.world.after(500 + stage.world.random() * LONGEST_DOWN_MS, () => void stage.restart(node))
}

/** Cuts the nodes in two for a while; hostile peers reach both sides. */
function partition({ world, network, nodes, links }: Stage): void {
  const border = 1 + Math.floor(world.random() * (nodes.length - 1))
  const side = (one: unknown) => nodes.indexOf(one as SimulatedNode) < border
  const isHonest = (one: unknown) => nodes.includes(one as SimulatedNode)
  const start = world.random() * 20_000
  world.after(start, () => network.partition((a, b) => isHonest(a) && isHonest(b) && side(a) !== side(b)))
  world.after(start + world.random() * 40_000, () => {
    network.partition(() => false)
    for (const [a, b] of links) network.dial(a, b)
  })
}

const pick = (stage: Stage): SimulatedNode => stage.nodes[stage.below(stage.nodes.length)]!
