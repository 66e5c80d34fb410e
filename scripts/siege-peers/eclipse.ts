import { join } from 'node:path'
import { BenchNetwork } from '../bench/federation-nodes/bench-network.ts'
import { Child } from './child.ts'

const HOSTILE = 40
const RECORDS = 10
const BETWEEN_MS = 1_000
const WAIT_MS = 120_000

/**
 * A publisher, an honest node beside it and a victim that knows this one alone; forty hostile peers stand in the victim's mesh,
 * answer that they hold nothing, and forward nothing. ms after each record was published until the victim has it, the worst one.
 */
export async function eclipse(folder: string): Promise<{ readonly hadAll: boolean; readonly worstMs: number }> {
  await using network = await BenchNetwork.start('ours', join(folder, 'eclipse'), [2, 1], 1)
  const [publisher, honest, victim] = [0, 1, 2]
  await network.dial(publisher, honest)
  await using hostile = await Child.start('withholding-main.ts', [network.addressOf(victim), String(HOSTILE)])
  await hostile.next()
  const before = await network.publish(publisher, 'before-0')
  await network.dial(victim, honest)
  const published = [before]
  for (let i = 0; i < RECORDS; i++) {
    published.push(await network.publish(publisher, `eclipsed-${i}`))
    await new Promise(resolve => setTimeout(resolve, BETWEEN_MS))
  }
  const hadAll = await network.wait(
    published.map(({ id }) => id),
    WAIT_MS,
  )
  const { sights } = await network.report()
  const worst = published.map(({ id, at }) => {
    const stored = sights.filter(sight => sight.id === id).map(({ storedAt }) => storedAt ?? Number.POSITIVE_INFINITY)
    return Math.max(...stored) - at
  })
  return { hadAll, worstMs: Math.max(...worst) }
}
