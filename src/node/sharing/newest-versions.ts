import semver from 'semver'
import { MAX_MADE_VERSIONS } from './limits.ts'
import type { StatedVersions } from './origin-statements.ts'

const LOOSE = { loose: true }
/** Anybody allowed for origin may state any number of versions; they are read once for each change. */
const known = new WeakMap<StatedVersions, readonly semver.SemVer[]>()

/** The newest of all stated versions, as many as a made document may have, newest first; what is no version counts for none. */
export function newestVersionsOf(stated: readonly StatedVersions[]): readonly string[] {
  const versions = stated.flatMap(newestOf).toSorted(newestFirst)
  return [...new Set(versions.map(({ raw }) => raw))].slice(0, MAX_MADE_VERSIONS)
}

function newestOf(stated: StatedVersions): readonly semver.SemVer[] {
  const found = known.get(stated)
  if (found !== undefined) return found
  const parsed = [...stated.keys()].flatMap(version => semver.parse(version, LOOSE) ?? [])
  const newest = parsed.sort(newestFirst).slice(0, MAX_MADE_VERSIONS)
  known.set(stated, newest)
  return newest
}

const newestFirst = (a: semver.SemVer, b: semver.SemVer): number =>
  b.compare(a) || b.compareBuild(a) || (a.raw < b.raw ? -1 : a.raw > b.raw ? 1 : 0)
