import type { PackageState } from './catalogue.ts'
import { type CountedOp, compareOps, visibilityOf } from './counted-op.ts'
import { originsOf, packageStateOf, tagsOf, versionOf } from './package-state.ts'
import type { KeptState, PackageStatesParts } from './package-states.ts'

/**
 * A state with what came since, when all of that lies behind its ops in the fold's order; else null. Of the ops before, those alone
 * are read that release the same versions: a release adds to no other.
 */
export function grownStateOf(
  pkg: number,
  { state, last, since }: KeptState,
  { held, ops, counted }: Pick<PackageStatesParts, 'held' | 'ops' | 'counted'>,
): Omit<KeptState, 'since'> | null {
  const added = since.flatMap(op => counted.read(op) ?? []).sort(compareOps)
  const [first, newest] = [added[0], added.at(-1)]
  if (first === undefined || newest === undefined) return { state, last }
  if (compareOps(last, first) >= 0) return null
  const versions = new Set(added.filter(({ op }) => op.op === 'release').map(versionOf))
  const releases = versions.size === 0 ? state.releases : new Map(state.releases)
  if (releases instanceof Map && versions.size > 0) {
    const records = new Set(versions.values().flatMap(version => state.releases.get(version)?.records ?? []))
    const wanted = new Set([...records].map(id => held.find(id)))
    const fresh = new Set(since)
    const bears = (op: number) => fresh.has(op) || ops.markAt(op) !== null || wanted.has(ops.recordOf(op))
    const partly = packageStateOf(state.package, counted.opsOf(pkg, bears))
    for (const version of versions) releases.set(version, partly!.releases.get(version)!)
  }
  return { state: withAdded(state, releases, added), last: newest }
}

function withAdded(state: PackageState, releases: PackageState['releases'], added: readonly CountedOp[]): PackageState {
  const visibilities = [state.visibility, visibilityOf(added)]
  return {
    ...state,
    releases,
    tags: added.some(({ op }) => op.op === 'tag') ? tagsOf(added, state.tags) : state.tags,
    origins: added.some(({ op }) => op.op === 'origin') ? [...state.origins, ...originsOf(added)] : state.origins,
    visibility: (['public', 'listed', 'private'] as const).find(each => visibilities.includes(each))!,
  }
}
