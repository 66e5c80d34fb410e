import { NodeError } from '../errors.ts'
import { isThere, replaceFile } from '../storage/index.ts'
import { countOf } from './accepted-releases.ts'
import { policyDifference } from './policy-difference.ts'
import { goodTextOf } from './policy-file.ts'
import type { PolicyChange } from './policy-history.ts'
import { documentInForce } from './policy-in-force.ts'
import type { PolicyState } from './policy-state.ts'

/** A change that was undone, and what is different now, a line each. */
export interface UndoneChange {
  readonly at: number
  readonly who: string
  readonly what: string
  readonly changes: readonly string[]
}

/** Undoes the last change that still has an effect; null when there is none. A broken policy.yaml is one. */
export async function undoLastChange(state: PolicyState, now: number): Promise<UndoneChange | null> {
  const { file, history } = state
  if (file.problem !== null) {
    await keepReplaced(state)
    await file.write(file.good)
    const text = file.good.text === null ? 'removed, as there was none that could be read' : 'the last good text again'
    const kept = `the one with the fault lies in ${state.replacedPath}`
    return { at: now, who: 'file', what: 'policy.load', changes: [`policy.yaml: ${text}; ${kept}`] }
  }
  for (let last = await history.last(); last !== null; last = await history.last()) {
    const before = documentInForce(file.good.document, state.decisions, now)
    const accepted = await undo(state, last.change)
    await history.remove(last.number)
    const after = documentInForce(file.good.document, state.decisions, now)
    const changes = [...policyDifference(before, after), ...accepted]
    const { at, who, what } = last.change
    if (changes.length > 0) return { at, who, what, changes }
    if (last.change.file !== undefined) return { at, who, what, changes: ['policy.yaml: its text alone'] }
  }
  return null
}

/** Each step may be done twice: a crash on the way leaves a change to be undone again. */
async function undo(state: PolicyState, { file, decisions, accepted }: PolicyChange): Promise<string[]> {
  if (file !== undefined) await undoText(state, file.before)
  if (decisions !== undefined) await state.saveDecisions(decisions)
  if (accepted === undefined) return []
  const added = state.accepted.select(accepted.removed, false)
  const removed = state.accepted.select(accepted.added, true)
  if (countOf(added) + countOf(removed) === 0) return []
  await state.saveAccepted({ added, removed })
  return [`accepted releases: ${countOf(added)} more, ${countOf(removed)} fewer`]
}

async function undoText(state: PolicyState, before: string | null): Promise<void> {
  const good = goodTextOf(before)
  if (good === null) {
    throw new NodeError('E_CONFIG', 'the policy before the last change is not one that this program reads', {
      hint: `write ${state.file.path} anew, then: hanse policy check FILE`,
    })
  }
  await keepReplaced(state)
  await state.file.write(good)
}

/** @throws NodeError E_CONFIG for a file that cannot be read: it would be gone */
async function keepReplaced({ file, replacedPath }: PolicyState): Promise<void> {
  const text = await file.textOnDisk()
  if (text === null && (await isThere(file.path))) {
    throw new NodeError('E_CONFIG', 'policy.yaml cannot be read, so it is not replaced', {
      hint: `move ${file.path} away, then: hanse policy rollback`,
    })
  }
  if (text !== null) await replaceFile(replacedPath, Buffer.from(text), 0o600)
}
