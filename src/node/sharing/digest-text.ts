import { digestMarkOf, type ExpectedDigests, expectedDigestsOf } from '../upstream/npm/npm-digest.ts'

/** What a document's `dist` says of a version's bytes. */
interface Dist {
  readonly integrity?: unknown
  readonly shasum?: unknown
}

/** The one digest of a version that an origin states: of the strongest algorithm its document names, as SRI text; null: none. */
export function statedDigestOf(dist: Dist): string | null {
  const expected = expectedDigestsOf(dist)
  const [digest] = expected?.digests.toSorted() ?? []
  return expected === null || digest === undefined ? null : `${expected.algorithm}-${digest}`
}

/** A stated digest as what bytes must be; null for text that is no digest of a known algorithm. */
export function parseDigest(text: string): ExpectedDigests | null {
  return expectedDigestsOf({ integrity: text })
}

/** Everything that a document says of a version's bytes, as SRI texts in their one spelling. */
export function digestTextsOf(dist: Dist): readonly string[] {
  const strongest = textsOf(expectedDigestsOf(dist))
  const weakest = textsOf(expectedDigestsOf({ shasum: dist.shasum }))
  return [...new Set([...strongest, ...weakest])]
}

/** Whether two words about one version cannot both be true: of one algorithm, and without a common digest. */
export function contradict(a: readonly string[], b: readonly string[]): boolean {
  const algorithms = new Set(a.map(algorithmOf))
  const comparable = b.filter(text => algorithms.has(algorithmOf(text)))
  return comparable.length > 0 && !comparable.some(text => a.includes(text))
}

/** Whether a stated digest is surely the one that a version is listed with. */
export const isMarked = (digest: ExpectedDigests, mark: string): boolean => digestMarkOf(digest) === mark

const textsOf = (expected: ExpectedDigests | null): readonly string[] =>
  expected?.digests.map(digest => `${expected.algorithm}-${digest}`) ?? []

const algorithmOf = (text: string): string => text.slice(0, text.indexOf('-'))
