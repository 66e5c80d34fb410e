import type { Readable } from 'node:stream'

/** A mode to be set; a dry-run has a span such as `2h` and ends by itself. */
export type PolicyModeRequest =
  | { readonly mode: 'dry-run'; readonly for: string; readonly reason: string }
  | { readonly mode: 'enforce' }

/** Releases that are to pass rules. */
export interface PolicyWaiverRequest {
  readonly match: string
  readonly rules: readonly string[] | 'all'
  readonly why: string
  readonly until?: string
}

/** What the API offers about policy; `who` is for the audit log. */
export interface PolicyServices {
  show(): Promise<object>
  /** `locked`: versions by npm name. */
  test(locked: Readonly<Record<string, readonly string[]>>, signal: AbortSignal): Promise<object>
  /** `list`: the same as JSON. */
  accept(list: Readable, how: { readonly remove: boolean; readonly who: string }): Promise<object>
  enforce(how: { readonly yes: boolean; readonly who: string }, signal: AbortSignal): Promise<object>
  setMode(request: PolicyModeRequest, who: string): Promise<object>
  waive(request: PolicyWaiverRequest, who: string): Promise<object>
  unwaive(which: string, who: string): Promise<readonly object[]>
  rollback(who: string): Promise<object>
}
