/**
 * Spoils what a node is sent, half of the times by a registry that it pulls through and half by a peer's content stream: no
 * altered byte may be given out whole, and each spoiling must be reported. Prints counts; exit 1 if one was not found out.
 */
import { parseArgs } from 'node:util'
import { corruptPeers } from '../test/corruption/peer-corruption.ts'
import { corruptRegistry } from '../test/corruption/registry-corruption.ts'
import type { Tally } from '../test/corruption/tally.ts'
import { PullingNode } from '../test/pulling-node.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '10000' } },
})
const [seed, count] = [Number(values.seed), Number(values.count)]
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(count) || count < 1) {
  console.error('usage: scripts/corrupt [--seed N] [--count N]')
  process.exit(2)
}
const half = Math.ceil(count / 2)
const registry = await corruptRegistry(seed, half, url => PullingNode.start(url))
print('registry', registry)
const peers = await corruptPeers(seed, count - half)
print('peer', peers)
const tallies = [registry, peers]
const sum = (outcome: Parameters<Tally['count']>[0]) =>
  tallies.reduce((total, tally) => total + tally.count(outcome), 0)
console.log(
  `seed ${seed}: ${count} corruptions, ${sum('refused')} refused and reported, ${sum('unaltered')} without effect, ` +
    `${sum('ALTERED')} altered, ${sum('UNREPORTED')} unreported`,
)
for (const fault of tallies.flatMap(({ faults }) => faults).slice(0, 50)) console.log(fault)
process.exitCode = sum('ALTERED') + sum('UNREPORTED') > 0 ? 1 : 0

function print(from: string, { counts }: Tally): void {
  for (const [kind, outcomes] of [...counts].toSorted()) {
    const text = [...outcomes].map(([outcome, times]) => `${times} ${outcome}`).join(', ')
    console.log(`${from.padEnd(10)}${kind.padEnd(16)}${text}`)
  }
}
