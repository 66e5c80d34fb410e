import type { PackageName } from '../ids.ts'
import { matchesPattern, type Pattern } from '../pattern.ts'
import { lastAnswerOf } from './last-answer.ts'
import { matchesRelease, type ReleasePattern } from './release-pattern.ts'

/** Whether a name is among several patterns. */
export function nameMatcherOf(patterns: readonly Pattern[]): (packageName: PackageName) => boolean {
  return lastAnswerOf((packageName: PackageName) => patterns.some(each => matchesPattern(each, packageName)))
}

/** Those of many entries that name a release, in their order. */
export function releaseMatcherOf<T extends { readonly match: ReleasePattern }>(
  entries: readonly T[],
): (packageName: PackageName, version: string) => readonly T[] {
  const ofName = lastAnswerOf((packageName: PackageName) =>
    entries.filter(({ match }) => matchesPattern(match.name, packageName)),
  )
  return (packageName, version) =>
    ofName(packageName).filter(({ match }) => matchesRelease(match, packageName, version))
}
