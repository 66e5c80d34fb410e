import type { PublisherId } from '../../protocol/index.ts'
import type { ArtifactStore } from './artifact-store.ts'
import type { LevelDatabase } from './level-database.ts'
import { checkRecords, type FeedCheck } from './record-check.ts'
import { repairFeed } from './record-repair.ts'
import { parseKey } from './stored-record.ts'

/** One thing that is wrong in a home. */
export interface Finding {
  /** `network`: records that are whole, of another network than the home's, or settings by which nobody may connect; nothing repairs them. */
  readonly kind: 'record' | 'artifact' | 'database' | 'file' | 'network'
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
  /** Whose feeds are written here; null if the keys cannot be read: then all are treated as such. */
  readonly own: PublisherId | null
}

const ARTIFACT_PROBLEMS = {
  altered: 'its bytes are not those of its name',
  missing: 'the file is gone',
  unknown: 'the database does not know this file',
  withdrawn: 'its bytes are right, but it was withdrawn',
} as const

const FOREIGN_LOSS = 'a running node fetches it from peers that hold it'
const OWN_LOSS =
  'nothing is published here until it is back. A running node fetches it from peers that hold this public feed; of a private one ' +
  'only a backup has it: hanse restore FILE into a new home, which goes on in new feeds; without an older backup make one now ' +
  '(hanse backup FILE), restore that, and publish again what came after the lost record'

/** What to do about records that were made for another network. */
export const OTHER_NETWORK_HINT = 'set network.id back, or use another home'

/** What `examine` mends: `everything` only while nothing else writes to the home; `artifacts` also while its node runs. */
export type Repair = 'nothing' | 'artifacts' | 'everything'

/**
 * Verifies every record with its signatures and every artifact's bytes. Repairing moves altered files aside, makes the tables of
 * feeds again and marks the records that were lost, to be fetched from peers; no record that verifies is deleted.
 */
export async function* examine(
  patient: Patient,
  { repair = 'nothing' }: { readonly repair?: Repair } = {},
): AsyncGenerator<Finding> {
  for await (const check of checkRecords(patient.database, patient.net)) {
    const isOwn = patient.own === null || check.feedKey.startsWith(`${patient.own}/`)
    if (check.otherNetwork !== null) {
      yield* foundOfOtherNetwork(check, check.otherNetwork)
      continue
    }
    const repaired = repair === 'everything' && (await repairFeed(patient.database, check, { isOwn }))
    for (const problem of check.problems) yield { kind: 'record', subject: check.feedKey, problem, repaired }
    yield* lossesIn(check, { isOwn, repaired })
  }
  for await (const check of patient.artifacts.verifyAll()) {
    if (check.why === null) continue
    const repaired = repair !== 'nothing'
    if (repaired) await patient.artifacts.repair(check)
    yield { kind: 'artifact', subject: check.path, problem: ARTIFACT_PROBLEMS[check.why], repaired }
  }
}

/** What such a feed lacks cannot be told from what it is: where `network.id` is theirs, its records are examined. */
function* foundOfOtherNetwork({ feedKey, problems }: FeedCheck, otherNetwork: string): Generator<Finding> {
  const problem = `${otherNetwork}: ${OTHER_NETWORK_HINT}`
  yield { kind: 'network', subject: feedKey, problem, repaired: false }
  for (const each of problems) yield { kind: 'record', subject: feedKey, problem: each, repaired: false }
}

/** What a repair cannot bring back by itself: told as long as it is missing. A foreign record that was marked just now is as good as fetched. */
function* lossesIn(
  { feedKey, lost }: FeedCheck,
  { isOwn, repaired }: { readonly isOwn: boolean; readonly repaired: boolean },
): Generator<Finding> {
  for (const [key, marked] of lost) {
    if (marked === null && !(isOwn && repaired)) continue
    const problem = `record ${parseKey(key).seq} is lost: ${isOwn ? OWN_LOSS : FOREIGN_LOSS}`
    yield { kind: 'record', subject: feedKey, problem, repaired: repaired && !isOwn }
  }
}
