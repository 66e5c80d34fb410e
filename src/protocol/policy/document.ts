import type { Pattern } from '../pattern.ts'
import type { Severity } from './facts.ts'
import type { ReleasePattern } from './release-pattern.ts'
import type { PolicyMode } from './verdict.ts'

/** Line of the policy file, from 1; null for the built-in policy. */
type Line = number | null

/** Releases that the operator named, and the reason. */
export interface NamedReleases {
  readonly match: ReleasePattern
  readonly why: string | null
  readonly line: Line
}
/** Lets what it matches pass the rules it names, for a time. */
export interface Waiver {
  readonly match: ReleasePattern
  /** `all` is every rule of `WAIVED_BY_ALL`. */
  readonly rules: readonly string[] | 'all'
  readonly who: string
  readonly why: string
  /** ms since 1970; null: until it is removed. */
  readonly until: number | null
  readonly line: Line
}

/** The operator's rules as values; a section that is null is not judged. */
export interface PolicyDocument {
  readonly mode: PolicyMode
  readonly minimumAge: { readonly hours: number; readonly except: readonly Pattern[]; readonly line: Line } | null
  readonly licence: {
    /** SPDX ids, exceptions and `+` as written in expressions, `*` for any characters; null: all but `deny`. */
    readonly allow: readonly string[] | null
    readonly deny: readonly string[]
    /** For a release without an expression that can be read. */
    readonly unknown: 'allow' | 'deny'
    readonly except: readonly Pattern[]
    readonly line: Line
  } | null
  readonly advisory: {
    /** From which on a vulnerability denies; none: never. */
    readonly severity: Severity | 'none'
    readonly malware: 'deny' | 'allow'
    readonly line: Line
  } | null
  /** Denies what runs scripts and is not on the list. */
  readonly installScripts: { readonly allow: readonly Pattern[]; readonly line: Line } | null
  readonly deprecated: { readonly decision: 'allow' | 'deny'; readonly line: Line } | null
  readonly size: { readonly maxBytes: number; readonly line: Line } | null
  readonly lookAlike: {
    readonly decision: 'hold' | 'allow'
    readonly except: readonly Pattern[]
    readonly line: Line
  } | null
  readonly deny: readonly NamedReleases[]
  /** Before every configured rule but malware. */
  readonly allow: readonly NamedReleases[]
  readonly waivers: readonly Waiver[]
}

/** What binds a node whose operator wrote no policy. */
export const BUILT_IN_POLICY: PolicyDocument = {
  mode: 'enforce',
  minimumAge: { hours: 72, except: [], line: null },
  licence: null,
  advisory: { severity: 'none', malware: 'deny', line: null },
  installScripts: null,
  deprecated: null,
  size: null,
  lookAlike: { decision: 'hold', except: [], line: null },
  deny: [],
  allow: [],
  waivers: [],
}
