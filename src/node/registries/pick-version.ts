import { explain, filter, rcompare } from '@renovatebot/pep440'
import semver from 'semver'
import { NodeError } from '../errors.ts'

/** Longest range a request may carry; characters. */
const MAX_RANGE_CHARS = 256

function refuseRange(type: string, range: string): never {
  throw new NodeError('E_RANGE', `"${range.slice(0, 80)}" is not a version range of ${type}`, {
    hint: type === 'pypi' ? 'for example pypi:name@~=1.4' : 'for example npm:name@^1.4',
  })
}

function pickSemver(versions: readonly string[], range: string, type: string): string | null {
  if (semver.validRange(range) === null) refuseRange(type, range)
  const valid = versions.filter(version => semver.valid(version) !== null)
  return semver.maxSatisfying(valid, range) ?? semver.maxSatisfying(valid, range, { includePrerelease: range === '*' })
}

function pickPep440(versions: readonly string[], range: string): string | null {
  const specifier = /^[0-9]/.test(range) ? `==${range}` : range === '*' ? '' : range
  const valid = versions.filter(version => explain(version) !== null)
  if (specifier === '') {
    const stable = valid.filter(version => explain(version)?.is_prerelease === false)
    return (stable.length > 0 ? stable : valid).toSorted(rcompare)[0] ?? null
  }
  try {
    return filter(valid, specifier).toSorted(rcompare)[0] ?? null
  } catch {
    return refuseRange('pypi', range)
  }
}

/** Cargo reads a bare version as a caret range; npm reads it as exact. */
const cargoRange = (range: string) => (/^[0-9]/.test(range) ? `^${range}` : range)

/**
 * The version a range means, by the ecosystem's own rules (semver, PEP 440); null if none fits.
 * An exact version is always itself. No range means the newest that is not a prerelease, else the newest.
 * Ecosystems without ranges here take exact versions only. Throws E_RANGE for what is no range.
 */
export function pickVersion(type: string, versions: readonly string[], range: string | null): string | null {
  const wanted = range === null || range === '' || range === 'latest' ? '*' : range
  if (wanted.length > MAX_RANGE_CHARS) refuseRange(type, wanted)
  if (versions.includes(wanted)) return wanted
  if (type === 'npm') return pickSemver(versions, wanted, type)
  if (type === 'cargo') return pickSemver(versions, cargoRange(wanted), type)
  if (type === 'pypi') return pickPep440(versions, wanted)
  return wanted === '*' ? newestOf(versions) : null
}

function newestOf(versions: readonly string[]): string | null {
  return versions.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))[0] ?? null
}
