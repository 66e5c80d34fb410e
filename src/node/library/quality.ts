import { explain } from '@renovatebot/pep440'
import semver from 'semver'
import { isLicenceExpression, type ReleaseState } from '../../protocol/index.ts'

/** Characters of a description below which it tells nothing. */
const MIN_DESCRIPTION_CHARS = 20

/** What quality is asked of: a package as its publisher's signed records describe it. */
export interface Described {
  /** Package URL type. */
  readonly type: string
  /** Name as its ecosystem writes it. */
  readonly name: string
  readonly release: Pick<ReleaseState, 'version' | 'summary' | 'deprecated'>
}

/**
 * Share of what a reader needs that a package tells, 0 to 1: a description, keywords, a licence as an SPDX expression, a stable
 * version where its ecosystem says which are, and that it is not deprecated. All count the same.
 */
export function qualityOf({ type, name, release }: Described): number {
  const { description = '', keywords = [], license = '' } = release.summary
  const stable = isStable(type, release.version)
  const answers = [
    isTelling(description, name),
    keywords.length > 0,
    license !== '' && isLicenceExpression(license),
    release.deprecated === null,
    ...(stable === null ? [] : [stable]),
  ]
  return answers.filter(Boolean).length / answers.length
}

/** Whether a description says more than the name does. */
function isTelling(description: string, name: string): boolean {
  const words = description.trim()
  return words.length >= MIN_DESCRIPTION_CHARS && words.toLowerCase() !== name.toLowerCase()
}

/** Whether a version promises to stay as it is; null where the ecosystem has no such promise. */
function isStable(type: string, version: string): boolean | null {
  if (type === 'pypi') return explain(version)?.is_prerelease === false
  if (type !== 'npm' && type !== 'cargo') return null
  const parsed = semver.parse(version)
  return parsed !== null && parsed.major >= 1 && parsed.prerelease.length === 0
}
