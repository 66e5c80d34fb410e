import { createRequire } from 'node:module'
import { MAX_YAML_BYTES } from './limits.ts'
import { isObject, LockedReleases, membersOf, splitAtVersion, unreadable } from './locked-release.ts'
import { yamlDocumentsOf } from './yaml-documents.ts'

/** A module that says it has a default export and has none, so that `import` means another thing to each loader; large, so loaded at use. */
const yarnReader = () => createRequire(import.meta.url)('@yarnpkg/lockfile') as typeof import('@yarnpkg/lockfile')

/** yarn.lock of yarn 1: an entry for each range that was asked for, several of them one release. */
export function readYarn1Lock(text: string): LockedReleases {
  const releases = new LockedReleases()
  for (const [pattern, entry] of Object.entries(parseYarn1(text))) {
    const [name, range] = splitAtVersion(pattern) ?? [pattern, '']
    if (!isObject(entry) || !isOfRegistry(range, entry.resolved)) {
      releases.skip()
      continue
    }
    const alias = range.startsWith('npm:') ? (splitAtVersion(range.slice(4))?.[0] ?? range.slice(4)) : name
    releases.add({ name: alias, version: entry.version, integrity: entry.integrity, resolved: entry.resolved })
  }
  return releases
}

function parseYarn1(text: string): Readonly<Record<string, unknown>> {
  if (Buffer.byteLength(text) > MAX_YAML_BYTES) throw unreadable(`it is larger than ${MAX_YAML_BYTES} bytes`)
  let parsed: ReturnType<ReturnType<typeof yarnReader>['parse']>
  try {
    parsed = yarnReader().parse(text)
  } catch (cause) {
    throw unreadable('yarn’s own reader refuses it', cause)
  }
  if (parsed.type === 'conflict') throw unreadable('it has conflicts of a merge')
  return parsed.object
}

/** A release has an address, and its range is none: no `file:`, `git+ssh:`, `https:` or `user/repository`. */
const isOfRegistry = (range: string, resolved: unknown): boolean =>
  typeof resolved === 'string' && /^https?:/.test(resolved) && !/[:/]/.test(range.replace(/^npm:(@[^/]+\/)?/, ''))

/** yarn.lock of yarn 2 and later: YAML, where each entry says what it was resolved to. */
export function readBerryLock(text: string): LockedReleases {
  const releases = new LockedReleases()
  for (const document of yamlDocumentsOf(text)) {
    for (const [key, entry] of membersOf(document)) {
      if (key !== '__metadata') addResolution(releases, entry)
    }
  }
  return releases
}

/** `name@npm:1.0.0`, maybe with `::__archiveUrl=…`; workspaces, patches and the like have another protocol. */
function addResolution(releases: LockedReleases, entry: unknown): void {
  const resolution = isObject(entry) ? entry.resolution : null
  const [name, reference = ''] = typeof resolution === 'string' ? (splitAtVersion(resolution) ?? []) : []
  if (!isObject(entry) || !reference.startsWith('npm:')) return void releases.skip()
  const [version, bindings] = reference.slice('npm:'.length).split('::')
  const archive = new URLSearchParams(bindings ?? '').get('__archiveUrl')
  releases.add({ name, version, integrity: entry.checksum, resolved: archive ?? undefined })
}
