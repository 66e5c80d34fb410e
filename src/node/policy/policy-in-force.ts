import { createHash } from 'node:crypto'
import { compilePolicy, type Policy, type PolicyDocument, type PolicyMode } from '../../protocol/index.ts'
import { type Decisions, liveDecisions, waiverOf } from './policy-decisions.ts'

/** The rules that bind now. */
export interface PolicyInForce {
  /** Changes exactly when the rules or the exempt releases do, so that what was made of them is made again; facts have their own. */
  readonly revision: string
  readonly policy: Policy
  readonly mode: PolicyMode
  readonly document: PolicyDocument
}

/** What the rules are made of, and when they change by themselves: ms since 1970; null: never. */
export interface MadePolicy extends PolicyInForce {
  readonly until: number | null
}

/** The file's policy with what commands decided beside it; what has ended is left out. */
export function documentInForce(file: PolicyDocument, decisions: Decisions, now: number): PolicyDocument {
  const { enforced, dryRun, waivers } = liveDecisions(decisions, now)
  const mode = dryRun !== null ? 'dry-run' : enforced !== null ? 'enforce' : file.mode
  const written = file.waivers.filter(({ until }) => until === null || until > now)
  return { ...file, mode, waivers: [...written, ...waivers.map(waiverOf)] }
}

/** The rules in force at a moment; `accepted` is the revision of the accepted releases. */
export function makePolicy(file: PolicyDocument, decisions: Decisions, accepted: string, now: number): MadePolicy {
  const document = documentInForce(file, decisions, now)
  const { dryRun } = liveDecisions(decisions, now)
  const ends = [dryRun?.until ?? null, ...document.waivers.map(({ until }) => until)].filter(end => end !== null)
  return {
    revision: digestOf(JSON.stringify([document, accepted])),
    policy: compilePolicy(document),
    mode: document.mode,
    document,
    until: ends.length === 0 ? null : ends.reduce((first, end) => Math.min(first, end)),
  }
}

/** 128 bits and more of a text, safe in a file name and an ETag. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('base64url').slice(0, 22)
