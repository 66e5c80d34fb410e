import { expect, test } from 'vitest'
import { Publisher } from './cast.ts'
import { Ledger } from './ledger.ts'
import { LIES, Liar } from './liar.ts'
import { Network } from './network.ts'
import { SimulatedNode } from './simulated-node.ts'
import { World } from './world.ts'

const publisher = new Publisher('honest')
const records = [publisher.genesis, publisher.delegate, ...publisher.chain(6, null, 'release')]

/** Four waits for a late answer: what it takes to ask all of nine peers for one feed. */
const LONGEST_MS = 20_000

/** Whether a new node that meets the liars first has all that its one honest peer holds, that long after it met it. */
async function syncsBeside(liars: number, lie: (typeof LIES)[number], seed: number): Promise<boolean> {
  const world = new World(seed)
  const network = new Network(world, { loss: 0, duplication: 0 })
  const options = { ledger: new Ledger(), publishers: [publisher] }
  const [holder, reader] = ['holder', 'reader'].map(name => new SimulatedNode(network, name, options)) as [
    SimulatedNode,
    SimulatedNode,
  ]
  for (const node of [holder, reader]) {
    network.add(node)
    await node.start()
  }
  for (const record of records) void holder.life!.say(record)
  await world.runUntil(1_000)
  for (let i = 0; i < liars; i++) {
    const liar = new Liar(network, `liar${i}`, lie, records)
    network.add(liar)
    network.dial(liar, reader)
  }
  await world.runUntil(2_000)
  network.dial(holder, reader)
  await world.runUntil(2_000 + LONGEST_MS)
  const held = await reader.life!.held()
  await Promise.all([holder, reader].map(node => node.life!.close()))
  return records.every(({ id }) => held.has(id))
}

test.each(LIES)('eight %s liars that dial again delay a first sync by seconds', async lie => {
  for (let seed = 1; seed <= 10; seed++) expect([seed, await syncsBeside(8, lie, seed)]).toEqual([seed, true])
})
