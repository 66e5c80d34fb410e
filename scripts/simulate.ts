import { parseArgs } from 'node:util'
import { simulate } from '../test/federation/simulation/simulate.ts'

/** Replays one seed of the federation simulation: `node scripts/simulate.ts --seed N`; exit 1 if it fails. */
const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } })
const outcome = await simulate(Number(values.seed))
console.log(JSON.stringify(outcome, null, 2))
process.exitCode = outcome.faults.length > 0 ? 1 : 0
