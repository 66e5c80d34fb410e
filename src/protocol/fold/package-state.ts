import type { PackageName } from '../ids.ts'
import { splitReleaseName } from '../purl.ts'
import type { OriginState, PackageState, ReleaseState } from './catalogue.ts'
import type { CountedOp } from './counted-op.ts'
import { compareOps, isPublic, targetsOf, visibilityOf } from './counted-op.ts'
import { marksOf } from './marks.ts'
import type { PackageOps } from './op-index.ts'
import type { CountedRelease } from './release-state.ts'
import { releaseStateOf } from './release-state.ts'

/** The state of a package: a pure function of what bears on it; null when no op names it (specification section 6.5). */
export function packageStateOf(name: PackageName, given: PackageOps): PackageState | null {
  const ops = [...given.ops].sort(compareOps)
  const named = ops.filter(op => targetsOf(op.op).length === 0)
  if (named.length === 0) return null
  const undone = new Set(given.undos.map(({ key }) => key))
  const yanks = marksOf('yank', ops, undone)
  const deprecations = marksOf('deprecate', ops, undone)
  const releases = new Map<string, ReleaseState>()
  for (const [version, group] of releasesByVersion(named)) {
    releases.set(version, releaseStateOf(version, group, yanks, deprecations))
  }
  return {
    package: name,
    releases,
    tags: tagsOf(named),
    deprecated: deprecations.whole,
    origins: originsOf(named),
    visibility: visibilityOf(named),
  }
}

/** What a node sees of a package that holds the public feeds alone. */
export const publicOf = ({ ops, undos }: PackageOps): PackageOps => ({
  ops: ops.filter(isPublic),
  undos: undos.filter(({ by }) => isPublic(by)),
})

/** The version that a release or an origin names. */
export const versionOf = ({ op }: CountedOp): string =>
  op.op === 'release' || op.op === 'origin' ? (splitReleaseName(op.purl).version ?? '') : ''

function releasesByVersion(ops: readonly CountedOp[]): Map<string, [CountedRelease, ...CountedRelease[]]> {
  const groups = new Map<string, [CountedRelease, ...CountedRelease[]]>()
  for (const op of ops) {
    if (!isRelease(op)) continue
    const version = versionOf(op)
    const group = groups.get(version)
    if (group === undefined) groups.set(version, [op])
    else group.push(op)
  }
  return groups
}

const isRelease = (op: CountedOp): op is CountedRelease => op.op.op === 'release'

/** The tags after ops in fold order. */
export function tagsOf(ops: readonly CountedOp[], before?: ReadonlyMap<string, string>): Map<string, string> {
  const tags = new Map(before)
  for (const { op } of ops) {
    if (op.op !== 'tag') continue
    if (op.version === null) tags.delete(op.tag)
    else tags.set(op.tag, op.version)
  }
  return tags
}

export function originsOf(ops: readonly CountedOp[]): OriginState[] {
  const origins: OriginState[] = []
  for (const { op, at } of ops) {
    if (op.op === 'origin') origins.push({ version: splitReleaseName(op.purl).version ?? '', op, at })
  }
  return origins
}
