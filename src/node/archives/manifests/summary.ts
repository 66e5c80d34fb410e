import type { ReleaseSummary } from '../../../protocol/index.ts'
import { SUMMARY_LIMITS } from '../limits.ts'

/** `[name, range, kind]`, as a record has it. */
export type Dependency = readonly [string, string, string]

/** A summary as a manifest has it, of any size. */
export interface SummaryDraft {
  readonly description?: string | undefined
  readonly keywords?: readonly string[]
  readonly license?: string | undefined
  readonly dependencies: readonly Dependency[]
  readonly scripts: boolean
}

/** Kinds in the order in which they are kept when not all fit. */
const KIND_ORDER = ['runtime', 'peer', 'optional', 'build', 'dev']

/** The summary cut to fit: strings NFC and printable, limits kept, dependencies sorted (FORMAT section 1). */
export function fitSummary(draft: SummaryDraft): ReleaseSummary {
  const description = fitText(draft.description ?? '', SUMMARY_LIMITS.descriptionBytes)
  const license = fitText(draft.license ?? '', SUMMARY_LIMITS.licenseBytes)
  const keywords = fitKeywords(draft.keywords ?? [])
  const dependencies = fitDependencies(draft.dependencies)
  return {
    ...(description === '' ? {} : { description }),
    ...(keywords.length === 0 ? {} : { keywords }),
    ...(license === '' ? {} : { license }),
    ...(dependencies.length === 0 ? {} : { dependencies }),
    scripts: draft.scripts,
  }
}

/** One line of printable NFC text of at most `bytes` UTF-8 bytes, cut between characters. */
function fitText(text: string, bytes: number): string {
  // Four times the bound is enough text whatever NFC and white space take away.
  const start = text
    .slice(0, bytes * 4)
    .toWellFormed()
    .normalize('NFC')
  const clean = start
    .replace(/[\p{Cn}\p{Co}\p{Cf}]/gu, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .normalize('NFC')
    .trim()
  if (Buffer.byteLength(clean) <= bytes) return clean
  let cut = ''
  let used = 0
  for (const character of clean) {
    used += Buffer.byteLength(character)
    if (used > bytes) break
    cut += character
  }
  return cut.trimEnd()
}

function fitKeywords(keywords: readonly string[]): string[] {
  const fitted = keywords.slice(0, 1024).map(keyword => fitText(keyword, SUMMARY_LIMITS.keywordBytes))
  return [...new Set(fitted)].filter(keyword => keyword !== '').slice(0, SUMMARY_LIMITS.keywords)
}

/** Whole dependencies only, runtime first, until the bytes are used; then sorted by code units. */
function fitDependencies(dependencies: readonly Dependency[]): Dependency[] {
  const unique = new Map<string, Dependency>()
  for (const [name, range, kind] of dependencies) {
    const fits = Buffer.byteLength(name) <= SUMMARY_LIMITS.dependencyNameBytes && fitText(name, 1024) === name
    const fitted = [name, fitText(range, SUMMARY_LIMITS.dependencyRangeBytes), kind] as const
    if (fits && name !== '') unique.set(fitted.join('\n'), fitted)
  }
  const byKind = [...unique.values()].sort(
    (a, b) => KIND_ORDER.indexOf(a[2]) - KIND_ORDER.indexOf(b[2]) || compare(a, b),
  )
  let bytes = 0
  const kept = byKind.filter((entry, index) => {
    bytes += entry.reduce((sum, text) => sum + Buffer.byteLength(text) + 4, 0)
    return index < SUMMARY_LIMITS.dependencies && bytes <= SUMMARY_LIMITS.dependenciesBytes
  })
  return kept.sort(compare)
}

function compare(a: Dependency, b: Dependency): number {
  for (const index of [0, 1, 2] as const) {
    if (a[index] !== b[index]) return a[index] < b[index] ? -1 : 1
  }
  return 0
}
