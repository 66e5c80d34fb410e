import type { ArtifactStore } from './artifact-store.ts'
import type { LevelDatabase } from './level-database.ts'
import { checkRecords, rebuildFeed } from './record-check.ts'

/** One thing that is wrong in a home. */
export interface Finding {
  readonly kind: 'record' | 'artifact' | 'database' | 'file'
  /** `<publisher>/<feed>`, or a path. */
  readonly subject: string
  readonly problem: string
  readonly repaired: boolean
}

/** What is examined; `net` is the network its records must be made for. */
export interface Patient {
  readonly database: LevelDatabase
  readonly artifacts: ArtifactStore
  readonly net: string
}

const ARTIFACT_PROBLEMS = {
  altered: 'its bytes are not those of its name',
  missing: 'the file is gone',
  unknown: 'the database does not know this file',
  withdrawn: 'its bytes are right, but it was withdrawn',
} as const

/**
 * Verifies every record with its signatures and every artifact's bytes. With `repair`, altered files are moved aside, and
 * feeds rebuilt from their good records: the rest is fetched again from peers. Nothing may be written to the home meanwhile.
 */
export async function* examine(
  patient: Patient,
  { repair = false }: { readonly repair?: boolean } = {},
): AsyncGenerator<Finding> {
  for await (const check of checkRecords(patient.database, patient.net)) {
    if (repair) await rebuildFeed(patient.database, check)
    for (const problem of check.problems) yield { kind: 'record', subject: check.feedKey, problem, repaired: repair }
  }
  for await (const check of patient.artifacts.verifyAll()) {
    if (check.why === null) continue
    if (repair) await patient.artifacts.repair(check)
    yield { kind: 'artifact', subject: check.path, problem: ARTIFACT_PROBLEMS[check.why], repaired: repair }
  }
}
