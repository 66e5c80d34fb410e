import { hasExpired, type PackageState, type PublisherId, parsePurl, type ReleaseState } from '../../protocol/index.ts'
import { type Document, documentKeyOf } from '../index/index.ts'
import { pickVersion } from '../registries/pick-version.ts'
import { qualityOf } from './quality.ts'

/**
 * The release a package is shown by: its newest live public one, else its newest live private one, so that words of a
 * private release never describe a public package. With `now`, ms since 1970, those that have expired are left out.
 */
export function shownReleaseOf(state: PackageState, now: number | null): ReleaseState | null {
  const live = [...state.releases.values()].filter(
    ({ state, expires }) => state === 'live' && (now === null || !hasExpired(expires, now)),
  )
  const open = live.filter(release => release.visibility === 'public')
  const choice = open.length > 0 ? open : live
  if (choice.length <= 1) return choice[0] ?? null
  const parsed = parsePurl(state.package)
  const version = pickVersion(
    parsed.ok ? parsed.value.type : 'generic',
    choice.map(release => release.version),
    null,
  )
  return choice.find(release => release.version === version) ?? choice[0] ?? null
}

/**
 * What search shows of a package at a time, ms since 1970, or null when it has no live release. `now` null is what the index keeps:
 * whatever has not expired when it is searched is in it. What it is used is not known from its own records: popularity is 0.
 */
export function searchDocumentOf(
  publisher: PublisherId,
  state: PackageState,
  now: number | null = null,
  release: ReleaseState | null = shownReleaseOf(state, now),
): Document | null {
  const parsed = parsePurl(state.package)
  if (release === null || !parsed.ok) return null
  const { type, namespace, name } = parsed.value
  const { description = '', keywords = [], license = '' } = release.summary
  const fullName = namespace === null ? name : `${namespace}/${name}`
  return {
    key: documentKeyOf(publisher, state.package),
    publisher,
    package: state.package,
    name: fullName,
    type,
    description,
    keywords,
    license,
    version: release.version,
    popularity: 0,
    // The publisher's claim. Anyone may make a fresh release, so a false time gains nothing that a true one would not.
    releasedMs: release.claimedMs,
    quality: qualityOf({ type, name: fullName, release }),
    isPublic: release.visibility === 'public',
  }
}
