import type { PolicyFacts } from './facts.ts'

export type Decision = 'allow' | 'hold' | 'deny'
export interface Reason {
  /** Name of the rule. */
  readonly rule: string
  readonly message: string
  /** Line of the policy file that the rule comes from. */
  readonly line?: number
  /** The command or version to use instead. */
  readonly hint?: string
}
/** What one rule objects: a hold ends at `until` (ms since 1970; null: when somebody decides), a denial when its cause does. */
export type Objection =
  | (Reason & { readonly decision: 'deny' })
  | (Reason & { readonly decision: 'hold'; readonly until: number | null })

/** A rule plugs in as a function; null: nothing against it. */
export interface PolicyRule {
  readonly name: string
  /** Binds in dry-run too. */
  readonly standing?: true
  readonly judge: (facts: PolicyFacts, now: number) => Objection | null
  /** When after now its answer changes by itself, ms since 1970, other than by the end of a hold; null: never. */
  readonly changesAt?: (facts: PolicyFacts, now: number) => number | null
}
export type PolicyMode = 'dry-run' | 'enforce'
export interface Policy {
  readonly rules: readonly PolicyRule[]
  /** Whether rules that are not standing bind, or only say what they would; they bind when it is absent. */
  readonly mode?: PolicyMode
}
export interface Verdict {
  readonly decision: Decision
  /** Of a hold: when the last one ends, ms since 1970; null: when somebody decides. */
  readonly until?: number | null
  readonly reasons: readonly Reason[]
}
/** What the rules say, what of it binds now, and for how long both stand. */
export interface Judgement {
  readonly verdict: Verdict
  /** The verdict; in dry-run that of the standing rules alone. */
  readonly enforced: Verdict
  /** When the judgement may change although no fact does, ms since 1970; null: never. */
  readonly changesAt: number | null
}
