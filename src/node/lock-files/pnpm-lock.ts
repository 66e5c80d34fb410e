import { isObject, LockedReleases, membersOf, splitAtVersion, unreadable } from './locked-release.ts'
import { yamlDocumentsOf } from './yaml-documents.ts'

/** Versions of the format that are read: pnpm 8 writes 6, later ones 9. */
const KNOWN = /^(6|9)(\.\d+)?$/

/** pnpm-lock.yaml; later versions put a document about pnpm itself before that of the project. */
export function readPnpmLock(text: string): LockedReleases {
  const releases = new LockedReleases()
  for (const document of yamlDocumentsOf(text)) {
    if (!isObject(document)) continue
    const version = String(document.lockfileVersion)
    if (!KNOWN.test(version)) throw unreadable(`lockfileVersion ${version.slice(0, 20)} is not known`)
    for (const [key, entry] of membersOf(document.packages)) addPackage(releases, key, entry)
  }
  return releases
}

/** `/name@1.0.0(peer@2.0.0)`, from version 9 on without the slash; of what is no release the version is an address. */
function addPackage(releases: LockedReleases, key: string, entry: unknown): void {
  const bare = key.replace(/^\//, '').replace(/\(.*$/s, '')
  const [name, version] = splitAtVersion(bare) ?? []
  const resolution = isObject(entry) && isObject(entry.resolution) ? entry.resolution : {}
  if (name === undefined || version === undefined || resolution.type !== undefined || version.includes(':')) {
    return void releases.skip()
  }
  releases.add({ name, version, integrity: resolution.integrity, resolved: resolution.tarball })
}
