import { checkAgreement, checkHistory } from './oracles.ts'
import { Stage } from './stage.ts'
import { OUTLASTED_MS, STORM_MS, stormOver } from './storm.ts'

/** How one seed ended; `faults` is empty if every honest node holds every honest record, all agree, and nobody did what it must not. */
export interface Outcome {
  readonly seed: number
  readonly nodes: number
  readonly hostile: readonly string[]
  /** Records that every honest node holds at the end. */
  readonly records: number
  readonly crashes: number
  /** Rounds after the storm until all was there, or after which not. */
  readonly rounds: number
  readonly faults: readonly string[]
}

/** Rounds after the storm in which all has to come: one for each hop of seven nodes, as the storm broke subscriptions. */
const MAX_ROUNDS = 8
const LONGEST_ROUND_MS = 36_000
/** Faults that are told; a broken law breaks everywhere. */
const MAX_FAULTS = 12

/** Runs the world of one seed. */
export async function simulate(seed: number): Promise<Outcome> {
  const stage = new Stage(seed)
  const { world } = stage
  const crashes = stormOver(stage)
  let lacking: readonly string[] = []
  let rounds = 0
  do {
    await world.runUntil(STORM_MS + OUTLASTED_MS + ++rounds * LONGEST_ROUND_MS)
    lacking = await checkAgreement(stage)
  } while (lacking.length > 0 && rounds < MAX_ROUNDS)
  if (lacking.length === 0) {
    await stage.rollBackAWriter()
    const since = world.now()
    do {
      await world.runUntil(since + ++rounds * LONGEST_ROUND_MS)
      lacking = await checkAgreement(stage)
    } while (lacking.length > 0 && rounds < 2 * MAX_ROUNDS)
  }
  const faults = [...stage.nodes.flatMap(node => node.faults), ...lacking, ...(await checkHistory(stage))]
  await stage.close()
  return {
    seed,
    nodes: stage.nodes.length,
    hostile: stage.hostile,
    records: stage.needed().length,
    crashes,
    rounds,
    faults: [...new Set(faults)].slice(0, MAX_FAULTS),
  }
}
