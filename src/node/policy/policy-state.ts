import { join } from 'node:path'
import { readJsonFile, replaceJsonFile } from '../storage/index.ts'
import { type AcceptedChange, AcceptedReleases } from './accepted-releases.ts'
import { type Decisions, decisionsJson, decisionsSchema, NO_DECISIONS } from './policy-decisions.ts'
import { type GoodText, PolicyFile } from './policy-file.ts'
import { PolicyHistory } from './policy-history.ts'

/** Names of a home's state that hold decisions about policy. */
export const POLICY_STATE_FILES = ['policy.json', 'policy-accepted.json', 'policy-last-good.json'] as const

/** Each of them, how it is checked, and what being without it means. */
export function policyStateFilesOf(home: string, state: string) {
  const [decisions, accepted, lastGood] = POLICY_STATE_FILES.map(name => join(state, name)) as [string, string, string]
  return [
    {
      path: decisions,
      check: () => readJsonFile(decisions, decisionsSchema),
      without: 'waivers and changes of mode that commands made are not in force',
    },
    {
      path: accepted,
      check: () => AcceptedReleases.open(accepted),
      without: 'no lock file is accepted',
    },
    {
      path: lastGood,
      check: () => PolicyFile.open(home, state),
      without: 'policy.yaml counts as new',
    },
  ]
}

/** Everything a policy is made of, on disk and in memory; each method is durable when it resolves. */
export class PolicyState {
  readonly file: PolicyFile
  readonly accepted: AcceptedReleases
  readonly history: PolicyHistory
  /** Where texts lie that a rollback took policy.yaml back from: the last one. */
  readonly replacedPath: string
  readonly #path: string
  #decisions: Decisions
  #isNew: boolean

  private constructor(
    state: string,
    decisions: Decisions,
    accepted: AcceptedReleases,
    history: PolicyHistory,
    { file, isFirst }: Awaited<ReturnType<typeof PolicyFile.open>>,
  ) {
    this.#path = join(state, 'policy.json')
    this.replacedPath = join(state, 'policy-replaced.yaml')
    this.file = file
    this.accepted = accepted
    this.history = history
    this.#decisions = decisions
    this.#isNew = isFirst
  }

  /** @throws StorageError E_FILE_CORRUPT, E_FILE: what a person decided is never dropped unasked */
  static async open(home: string, state: string): Promise<PolicyState> {
    const decisions = (await readJsonFile(join(state, 'policy.json'), decisionsSchema)) ?? NO_DECISIONS
    const accepted = await AcceptedReleases.open(join(state, 'policy-accepted.json'))
    const history = await PolicyHistory.open(join(state, 'policy-history'))
    return new PolicyState(state, decisions, accepted, history, await PolicyFile.open(home, state))
  }

  /** What commands decided. */
  get decisions(): Decisions {
    return this.#decisions
  }

  async saveDecisions(decisions: Decisions): Promise<void> {
    await replaceJsonFile(this.#path, decisionsJson(decisions))
    this.#decisions = decisions
  }

  async saveAccepted(change: AcceptedChange): Promise<void> {
    await this.accepted.change(change)
  }

  /** Ends a home's first look: what is found later is a change. */
  async begin(): Promise<void> {
    if (!this.#isNew || this.file.problem !== null) return
    await this.file.keep(this.file.good)
    this.#isNew = false
  }

  /** Takes over another text of policy.yaml. The first one of a home is no change that can be undone. */
  async takeText(good: GoodText, who: string, at: number): Promise<void> {
    const before = this.#decisions
    const isModeEdited = before.enforced !== null && good.document.mode !== this.file.good.document.mode
    const decisions = isModeEdited && !this.#isNew ? { decisions: before } : {}
    if (!this.#isNew) {
      await this.history.push({ at, who, what: 'policy.load', file: { before: this.file.good.text }, ...decisions })
    }
    if ('decisions' in decisions) await this.saveDecisions({ ...before, enforced: null })
    await this.file.keep(good)
    this.#isNew = false
  }
}
