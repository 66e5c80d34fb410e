import semver from 'semver'
import { z } from 'zod'
import type { Judgement, Verdict } from '../../../protocol/index.ts'
import type { PackumentDocument } from './npm-source.ts'

/** Versions told of one packument: a tag's and the newest of the last few majors. */
const MAX_PICKS = 8

export const withheldPickSchema = z.strictObject({
  version: z.string(),
  decision: z.enum(['hold', 'deny']),
  /** The rule whose reason is told first. */
  rule: z.string(),
  message: z.string(),
  hint: z.string().nullable(),
  /** When the hold ends, ms since 1970; null: when somebody decides, or its cause goes. */
  until: z.number().nullable(),
  /** Whether it is withheld, or in dry-run would be. */
  enforced: z.boolean(),
})
/** A version that clients pick by themselves, and what the rules object. */
export type WithheldPick = Readonly<z.infer<typeof withheldPickSchema>>

/** What is objected to one version; null: nothing. */
export function withheldPickOf(version: string, { verdict, enforced }: Judgement): WithheldPick | null {
  const isEnforced = enforced.decision !== 'allow'
  const told: Verdict = isEnforced ? enforced : verdict
  const [reason] = told.reasons
  if (told.decision === 'allow' || reason === undefined) return null
  const { rule, message, hint = null } = reason
  return { version, decision: told.decision, rule, message, hint, until: told.until ?? null, enforced: isEnforced }
}

/** Of the versions that rules object to, those that a tag or a caret range means: what a client would have installed. */
export function withheldPicksOf(
  document: PackumentDocument,
  objected: ReadonlyMap<string, Judgement>,
): readonly WithheldPick[] {
  if (objected.size === 0) return []
  const versions = [...Object.values(document['dist-tags']), ...newestOfRanges(Object.keys(document.versions))]
  const picks = [...new Set(versions)].flatMap(version => {
    const judgement = objected.get(version)
    return judgement === undefined ? [] : (withheldPickOf(version, judgement) ?? [])
  })
  return picks.slice(0, MAX_PICKS)
}

/** The newest release of each caret range, the newest range first. */
function newestOfRanges(versions: readonly string[]): string[] {
  const newest = new Map<string, { readonly version: string; readonly parsed: semver.SemVer }>()
  for (const version of versions) {
    const parsed = semver.parse(version, { loose: true })
    if (parsed === null || parsed.prerelease.length > 0) continue
    const range = parsed.major > 0 ? `${parsed.major}` : `0.${parsed.minor}`
    const before = newest.get(range)
    if (before === undefined || parsed.compare(before.parsed) > 0) newest.set(range, { version, parsed })
  }
  return [...newest.values()].toSorted((a, b) => b.parsed.compare(a.parsed)).map(({ version }) => version)
}
