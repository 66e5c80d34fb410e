import { isObject, LockedReleases, membersOf, splitAtVersion, unreadable } from './locked-release.ts'

/** package-lock.json and npm-shrinkwrap.json of versions 1 to 3. */
export function readNpmLock(document: Record<string, unknown>): LockedReleases {
  if (isObject(document.packages)) return readPackages(document.packages)
  // A package.json has dependencies too, as texts; npm before 5 wrote shrinkwraps without a lockfileVersion.
  if (isObject(document.dependencies) && isTree(document)) return readDependencies(document.dependencies)
  // A project without dependencies has neither.
  if (document.lockfileVersion !== undefined) return new LockedReleases()
  throw unreadable('it has neither packages nor dependencies of a lock file')
}

const isTree = ({ lockfileVersion, dependencies = {} }: Record<string, unknown>): boolean =>
  lockfileVersion !== undefined || Object.values(dependencies as object).every(isObject)

const FOLDER = 'node_modules/'
/** Bytes that come from elsewhere than a registry. */
const ELSEWHERE = /^(git|file:|link:|github:|gitlab:|bitbucket:)/

/** Versions 2 and 3: one entry for each folder, `''` being the project itself. */
function readPackages(packages: Record<string, unknown>): LockedReleases {
  const releases = new LockedReleases()
  for (const [path, entry] of Object.entries(packages)) {
    if (path === '') continue
    if (!path.includes(FOLDER) || !isObject(entry) || isNoRelease(entry)) {
      releases.skip()
      continue
    }
    // An alias has its real name beside.
    releases.add({ ...pick(entry), name: entry.name ?? path.slice(path.lastIndexOf(FOLDER) + FOLDER.length) })
  }
  return releases
}

const isNoRelease = ({ link, inBundle, resolved }: Record<string, unknown>): boolean =>
  link === true || inBundle === true || (typeof resolved === 'string' && ELSEWHERE.test(resolved))

/** Version 1: a tree, walked without recursion. */
function readDependencies(dependencies: Record<string, unknown>): LockedReleases {
  const releases = new LockedReleases()
  const waiting: unknown[] = [dependencies]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [name, entry] of membersOf(next)) {
      if (!isObject(entry)) {
        releases.skip()
        continue
      }
      if (entry.dependencies !== undefined) waiting.push(entry.dependencies)
      addOfVersion1(releases, name, entry)
    }
  }
  return releases
}

/** Where others have versions, this one may have an alias, `npm:real@1.0.0`, or an address. */
function addOfVersion1(releases: LockedReleases, name: string, entry: Record<string, unknown>): void {
  const { version } = entry
  if (typeof version !== 'string' || entry.bundled === true) return void releases.skip()
  const alias = version.startsWith('npm:') ? splitAtVersion(version.slice('npm:'.length)) : null
  releases.add({ ...pick(entry), name: alias?.[0] ?? name, version: alias?.[1] ?? version })
}

const pick = ({ version, integrity, resolved }: Record<string, unknown>) => ({ version, integrity, resolved })
