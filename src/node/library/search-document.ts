import { type PackageState, type PublisherId, parsePurl, type ReleaseState } from '../../protocol/index.ts'
import { type Document, documentKeyOf } from '../index/index.ts'
import { pickVersion } from '../registries/pick-version.ts'

/**
 * The release a package is shown by: its newest live public one, else its newest live private one, so that words of a
 * private release never describe a public package.
 */
export function shownReleaseOf(state: PackageState): ReleaseState | null {
  const live = [...state.releases.values()].filter(release => release.state === 'live')
  const open = live.filter(release => release.visibility === 'public')
  const choice = open.length > 0 ? open : live
  const parsed = parsePurl(state.package)
  const version = pickVersion(
    parsed.ok ? parsed.value.type : 'generic',
    choice.map(release => release.version),
    null,
  )
  return choice.find(release => release.version === version) ?? choice[0] ?? null
}

/** What search keeps of a package, or null when it has no live release. */
export function searchDocumentOf(publisher: PublisherId, state: PackageState): Document | null {
  const release = shownReleaseOf(state)
  const parsed = parsePurl(state.package)
  if (release === null || !parsed.ok) return null
  const { type, namespace, name } = parsed.value
  const { description = '', keywords = [], license = '' } = release.summary
  return {
    key: documentKeyOf(publisher, state.package),
    publisher,
    package: state.package,
    name: namespace === null ? name : `${namespace}/${name}`,
    type,
    description,
    keywords,
    license,
    version: release.version,
    popularity: 0,
  }
}
