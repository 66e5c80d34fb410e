import type { PackageName } from '../../protocol/index.ts'
import type { AuditEvent, AuditLog } from '../storage/index.ts'
import { countOf, type ReleaseList } from './accepted-releases.ts'
import { BackgroundLook } from './background-look.ts'
import { type Decisions, liveDecisions } from './policy-decisions.ts'
import { policyDifference } from './policy-difference.ts'
import { digestOf, type MadePolicy, makePolicy, type PolicyInForce } from './policy-in-force.ts'
import { PolicyState } from './policy-state.ts'
import { type UndoneChange, undoLastChange } from './undo-change.ts'

export interface PolicyStoreParts {
  readonly home: string
  /** Folder of local state. */
  readonly state: string
  readonly audit: Pick<AuditLog, 'append'>
  /** When a release was first installed through here, ms since 1970; null: never. */
  readonly firstInstallOf: (name: PackageName, version: string) => number | null
  /** ms since 1970. */
  readonly now: () => number
  /** Told what went wrong where no caller waits for it. */
  readonly onFault: (message: string, cause: unknown) => void
}

/** Who changes the policy, and the change as the audit log has it. */
export interface AskedChange {
  readonly who: string
  readonly what: string
  readonly [detail: string]: AuditEvent[string]
}

/** The operator's policy: policy.yaml, and beside it what commands decided. */
export class PolicyStore implements AsyncDisposable {
  readonly #parts: PolicyStoreParts
  readonly #state: PolicyState
  readonly #looks: BackgroundLook
  #made: MadePolicy | null = null
  #last: Promise<unknown> = Promise.resolve()
  #watching: Disposable | null = null

  private constructor(parts: PolicyStoreParts, state: PolicyState) {
    this.#parts = parts
    this.#state = state
    this.#looks = new BackgroundLook({ ...parts, look: () => this.reload() })
  }

  /** Loads policy.yaml and the decisions. @throws StorageError E_FILE_CORRUPT, E_FILE for decisions that cannot be read */
  static async open(parts: PolicyStoreParts): Promise<PolicyStore> {
    const state = await PolicyState.open(parts.home, parts.state)
    const store = new PolicyStore(parts, state)
    await store.#serially(() => store.#load({ settle: false }))
    await state.begin()
    store.#watching = state.file.watch(() => store.#looks.start())
    return store
  }

  /** What binds now. Reads nothing itself; a file that may have changed is looked at soon after. */
  inForce(now = this.#parts.now()): PolicyInForce {
    this.#looks.ifDue()
    if (this.#made === null || (this.#made.until !== null && now >= this.#made.until)) {
      const { file, decisions, accepted } = this.#state
      this.#made = makePolicy(file.good.document, decisions, accepted.revision, now)
    }
    return this.#made
  }

  /** What is wrong with policy.yaml; null: it is in force as it is. */
  problem(): string | null {
    this.#looks.ifDue()
    const { problem } = this.#state.file
    return problem === null ? null : `${problem}; the last good policy is in force`
  }

  /** `firstSeen`, ms since 1970: other bytes under the same version are seen anew, and what was installed before was not them. */
  exemptionOf(name: PackageName, version: string, firstSeen: number | null): 'locked' | 'installed' | null {
    if (this.#state.accepted.has(name, version)) return 'locked'
    const installed = this.#parts.firstInstallOf(name, version)
    return installed !== null && installed >= (firstSeen ?? 0) ? 'installed' : null
  }

  /** Whether an accepted lock file names the release. */
  isAccepted(name: PackageName, version: string): boolean {
    return this.#state.accepted.has(name, version)
  }

  /** What the file says, what commands decided and has not ended, how many releases are accepted and changes can be undone. */
  contents() {
    const { file, decisions, accepted, history } = this.#state
    return {
      path: file.path,
      isThere: file.good.text !== null,
      document: file.good.document,
      decisions: liveDecisions(decisions, this.#parts.now()),
      accepted: accepted.count,
      changes: history.count,
    }
  }

  /** Looks at policy.yaml now. */
  reload(): Promise<void> {
    return this.#serially(() => this.#load({ settle: true }))
  }

  /** Changes what commands decided; durable and audited when it resolves. Decisions that stay the same object leave no trace. */
  change(asked: AskedChange, next: (decisions: Decisions, now: number) => Decisions): Promise<Decisions> {
    return this.#serially(async () => {
      const now = this.#parts.now()
      const before = this.#state.decisions
      const live = liveDecisions(before, now)
      const decisions = next(live, now)
      if (decisions === live) return live
      await this.#state.history.push({ at: now, who: asked.who, what: asked.what, decisions: before })
      await this.#state.saveDecisions(decisions)
      await this.#changed(asked, now)
      return decisions
    })
  }

  /** Adds releases to the accepted ones, or takes them away; answers with how many that changed. @throws NodeError E_TOO_LARGE */
  accept(asked: AskedChange, releases: ReleaseList, isAccepted: boolean): Promise<number> {
    return this.#serially(async () => {
      const { accepted, history } = this.#state
      const now = this.#parts.now()
      const changing = accepted.select(releases, !isAccepted)
      const count = countOf(changing)
      if (count === 0) return 0
      const change = isAccepted ? { added: changing, removed: {} } : { added: {}, removed: changing }
      accepted.requireRoomFor(change)
      await history.push({ at: now, who: asked.who, what: asked.what, accepted: change })
      await this.#state.saveAccepted(change)
      await this.#changed({ ...asked, releases: count }, now)
      return count
    })
  }

  /** Undoes the last change that still has an effect; null when there is none. */
  rollback(who: string): Promise<UndoneChange | null> {
    return this.#serially(async () => {
      await this.#load({ settle: true })
      const now = this.#parts.now()
      const undone = await undoLastChange(this.#state, now)
      if (undone === null) return null
      const { what, at, changes } = undone
      await this.#changed({ who, what: 'policy.rollback', undone: what, of: undone.who, changedAt: at, changes }, now)
      return undone
    })
  }

  /** Resolves when nothing is under way any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watching?.[Symbol.dispose]()
    this.#looks[Symbol.dispose]()
    await this.#last
  }

  async #load(how: { readonly settle: boolean }): Promise<void> {
    const { file } = this.#state
    this.#looks.done()
    const found = await file.look(how)
    const now = this.#parts.now()
    if (found.is === 'broken' && found.isNew) {
      await this.#parts.audit.append({ at: now, who: 'file', what: 'policy.refuse', problem: found.problem })
    }
    if (found.is !== 'changed') return
    const before = file.good.document
    const { text, document } = found.good
    try {
      await this.#state.takeText(found.good, 'file', now)
    } catch (cause) {
      file.failed(`policy.yaml changed and could not be taken over: ${cause instanceof Error ? cause.message : ''}`)
      throw cause
    }
    const digest = text === null ? null : digestOf(text)
    await this.#changed({ who: 'file', what: 'policy.load', digest, changes: policyDifference(before, document) }, now)
  }

  async #changed(event: AskedChange, at: number): Promise<void> {
    this.#made = null
    await this.#parts.audit.append({ at, ...event })
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }
}
