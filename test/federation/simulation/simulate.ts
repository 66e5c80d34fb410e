import { checkAgreement, checkHistory } from './oracles.ts'
import { Stage } from './stage.ts'
import { STORM_MS, stormOver } from './storm.ts'

/** How one seed ended; `faults` is empty if every honest node holds every honest record, all agree, and nobody did what it must not. */
export interface Outcome {
  readonly seed: number
  readonly nodes: number
  readonly hostile: readonly string[]
  /** Records that every honest node holds at the end. */
  readonly records: number
  readonly crashes: number
  /** Steps of 12 s after the storm until all was there, or after which not. */
  readonly steps: number
  readonly faults: readonly string[]
}

/** Steps after the storm in which all has to come: three for each of six rounds, as the storm broke subscriptions. */
const MAX_STEPS = 18
const STEP_MS = 12_000
/** Faults that are told; a broken law breaks everywhere. */
const MAX_FAULTS = 12

/** Runs the world of one seed. */
export async function simulate(seed: number): Promise<Outcome> {
  const stage = new Stage(seed)
  const crashes = stormOver(stage)
  let steps = 0
  const faults: string[] = []
  try {
    await stage.world.runUntil(STORM_MS)
    const first = await agree(stage)
    if (first.lacking.length === 0) await stage.rollBackAWriter()
    const last = first.lacking.length === 0 ? await agree(stage) : first
    steps = first.steps
    faults.push(...last.lacking, ...(await checkHistory(stage)))
  } catch (error) {
    faults.push(`the world broke: ${error}`)
  }
  await stage.close().catch(error => faults.push(`the world does not end: ${error}`))
  return {
    seed,
    nodes: stage.nodes.length,
    hostile: stage.hostile,
    records: stage.needed().length,
    crashes,
    steps,
    faults: [...new Set([...stage.nodes.flatMap(node => node.faults), ...faults])].slice(0, MAX_FAULTS),
  }
}

/** Goes on until all honest nodes agree, or did not for too long. */
async function agree(stage: Stage): Promise<{ readonly lacking: readonly string[]; readonly steps: number }> {
  for (let steps = 1; ; steps++) {
    await stage.world.runUntil(stage.world.now() + STEP_MS)
    const lacking = await checkAgreement(stage)
    if (lacking.length === 0 || steps === MAX_STEPS) return { lacking, steps }
  }
}
