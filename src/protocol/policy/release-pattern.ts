import { satisfies, valid, validRange } from '@renovatebot/pep440'
import semver from 'semver'
import type { PackageName } from '../ids.ts'
import { MAX_PATTERN_BYTES } from '../limits.ts'
import { matchesPattern, type Pattern, parsePattern } from '../pattern.ts'
import { parsePurl } from '../purl.ts'

/** Names and, where it says so, versions: `npm:@acme/*`, `npm:event-stream@3.3.6`, `npm:left-pad@^1`. */
export interface ReleasePattern {
  readonly name: Pattern
  /** A version or a range of the names' ecosystem; null: every version. */
  readonly range: string | null
}
export type ReleasePatternResult =
  | { readonly ok: true; readonly value: ReleasePattern }
  | { readonly ok: false; readonly code: 'E_PATTERN'; readonly why: string }

const refuse = (why: string): ReleasePatternResult => ({ ok: false, code: 'E_PATTERN', why })

/** Reads a pattern of `parsePattern`, or one with `@` and a version or range after the name. */
export function parseReleasePattern(text: string): ReleasePatternResult {
  if (Buffer.byteLength(text) > MAX_PATTERN_BYTES) return refuse(`longer than ${MAX_PATTERN_BYTES} bytes`)
  // The @ of a scope follows the type or a slash, the one of a version follows the name.
  const at = text.lastIndexOf('@')
  const hasRange = at > 0 && !/[:/]$/.test(text.slice(0, at)) && !text.slice(at).includes('/')
  const name = parsePattern(hasRange ? text.slice(0, at) : text)
  if (!name.ok) return name
  const range = hasRange ? text.slice(at + 1).trim() : null
  const problem = range === null ? null : rangeProblem(typeOf(name.value), range)
  return problem === null ? { ok: true, value: { name: name.value, range } } : refuse(problem)
}

/** A pattern as it is written. */
export const releasePatternText = ({ name, range }: ReleasePattern): string =>
  range === null ? name : `${name}@${range}`

/** Whether a release is one of those that the pattern names; prereleases belong to the ranges they lie in. */
export function matchesRelease(pattern: ReleasePattern, packageName: PackageName, version: string): boolean {
  if (!matchesPattern(pattern.name, packageName)) return false
  if (pattern.range === null || pattern.range === version) return true
  const parsed = parsePurl(packageName)
  return parsed.ok && isInRange(parsed.value.type, pattern.range, version)
}

/** Type of the names that a pattern matches; null: of any type. */
function typeOf(name: Pattern): string | null {
  const type = /^([a-z][a-z0-9.-]*):/.exec(name)?.[1]
  return type ?? null
}

function rangeProblem(type: string | null, range: string): string | null {
  if (range === '' || /\p{C}/u.test(range)) return 'nothing readable follows the @'
  if (type === 'npm' || type === 'cargo') return semver.validRange(range) === null ? `${range} is no range` : null
  if (type === 'pypi') return validRange(specifierOf(range)) ? null : `${range} is no version specifier`
  return /[\s<>=~^*|,]/.test(range) ? 'packages of this type are named by exact versions' : null
}

function isInRange(type: string, range: string, version: string): boolean {
  if (type === 'npm' || type === 'cargo') {
    return semver.satisfies(version, range, { includePrerelease: true, loose: true })
  }
  if (type !== 'pypi' || valid(version) === null) return false
  return satisfies(version, specifierOf(range), { prereleases: true })
}

const specifierOf = (range: string): string => (/^\d/.test(range) ? `==${range}` : range)
