/** A process of the benchmark: nodes that do what its parent orders. Ends with its parent. */
import type { Answers, Order } from './messages.ts'
import { now, WatchedNode } from './watched-node.ts'

const POLL_MS = 20
const nodes: WatchedNode[] = []

process.on('disconnect', () => process.exit())
process.on('message', async ({ number, order }: { number: number; order: Order }) => {
  try {
    process.send!({ number, answer: await carryOut(order) })
  } catch (error) {
    process.send!({ number, error: String((error as Error).stack ?? error) })
  }
})

async function carryOut(order: Order): Promise<Answers[Order['do']]> {
  switch (order.do) {
    case 'start':
      for (const home of order.homes) nodes.push(await WatchedNode.start(home))
      return nodes.slice(-order.homes.length).map(node => node.started)
    case 'follow':
      await Promise.all(nodes.map(node => node.follow(order.publishers)))
      return null
    case 'dial':
      await dialAll(order.pairs)
      return null
    case 'mesh':
      await until(() => nodes.every(node => node.meshPeers >= order.atLeast))
      return now()
    case 'publish':
      return await nodes[order.node]!.publish(order.name)
    case 'wait':
      return await until(
        () => nodes.every(node => order.records.every(record => node.has(record))),
        now() + order.timeoutMs,
      )
    case 'usage': {
      const { user, system } = process.cpuUsage()
      return { cpuMs: (user + system) / 1_000, rssBytes: process.memoryUsage.rss() }
    }
    case 'report':
      return {
        sights: nodes.flatMap((node, at) => node.sights().map(sight => ({ node: at, ...sight }))),
        copies: nodes.reduce((sum, node) => sum + node.takeCopies(), 0),
        mesh: nodes.map(node => node.meshPeers),
        connections: nodes.map(node => node.connections),
      }
  }
}

/** Each node dials one after the other, all nodes at once. */
async function dialAll(pairs: readonly (readonly [from: number, address: string])[]): Promise<void> {
  const ofNode = Map.groupBy(pairs, ([from]) => from)
  const dial = async (from: number) => {
    for (const [, address] of ofNode.get(from) ?? []) await nodes[from]!.dial(address)
  }
  await Promise.all([...ofNode.keys()].map(dial))
}

async function until(holds: () => boolean, deadline = Number.POSITIVE_INFINITY): Promise<boolean> {
  while (!holds()) {
    if (now() > deadline) return false
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
  return true
}
