import {
  BUILT_IN_POLICY,
  compilePolicy,
  judge,
  type ManifestFacts,
  type NamedReleases,
  type PackageName,
  type Pattern,
  type PolicyDocument,
  type PolicyFacts,
  parsePattern,
  parseReleasePattern,
  type ReleasePattern,
  type Verdict,
  type Waiver,
} from '../../../src/protocol/index.ts'

export const HOUR = 3_600_000
export const NOW = Date.parse('2026-01-01T00:00:00Z')

export const MANIFEST: ManifestFacts = {
  licence: 'MIT',
  installScripts: [],
  deprecated: null,
  bytes: 1_000,
  unpackedBytes: null,
}

/** A release of an upstream, seen long ago, against which nothing can be said. */
export const factsOf = (given: Partial<PolicyFacts> = {}): PolicyFacts => ({
  package: 'pkg:npm/mast' as PackageName,
  version: '1.2.3',
  route: {
    to: 'upstream',
    name: 'npmjs',
    route: { match: 'npm:*' as Pattern, target: { to: 'upstream', name: 'npmjs' } },
  },
  release: null,
  manifest: MANIFEST,
  firstSeen: 0,
  witnessed: null,
  advisories: [],
  lookAlike: null,
  exemption: null,
  dispute: null,
  ...given,
})

/** Of a publisher that the route names. */
export const PUBLISHERS_ROUTE: PolicyFacts['route'] = {
  ...{ to: 'publisher', publisher: 'acme' as never },
  ...{ route: null, pin: false },
}

const NO_POLICY: PolicyDocument = { ...BUILT_IN_POLICY, minimumAge: null, advisory: null, lookAlike: null }
export const policyOf = (given: Partial<PolicyDocument>): PolicyDocument => ({ ...NO_POLICY, ...given })

export const patternOf = (text: string): Pattern => {
  const parsed = parsePattern(text)
  if (!parsed.ok) throw new TypeError(parsed.why)
  return parsed.value
}
export const matchOf = (text: string): ReleasePattern => {
  const parsed = parseReleasePattern(text)
  if (!parsed.ok) throw new TypeError(parsed.why)
  return parsed.value
}
export const named = (text: string, why: string | null = null, line = 9): NamedReleases => ({
  match: matchOf(text),
  ...{ why, line },
})
export const waiverOf = (text: string, rules: Waiver['rules'], until: number | null = null): Waiver => ({
  match: matchOf(text),
  ...{ rules, who: 'ann', why: 'needed', until, line: 12 },
})

export const verdictOf = (facts: PolicyFacts, document: PolicyDocument, now = NOW): Verdict =>
  judge(facts, compilePolicy(document), now).verdict
/** The decision and the names of the rules behind it. */
export const saying = (facts: PolicyFacts, document: PolicyDocument, now = NOW): string => {
  const { decision, reasons } = verdictOf(facts, document, now)
  return [decision, ...reasons.map(({ rule }) => rule)].join(' ')
}
