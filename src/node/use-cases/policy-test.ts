import { releaseNameOf } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { factSourcesOf } from '../policy/fact-sources.ts'
import { npmPackageOf } from '../registries/npm/npm-package.ts'
import { type Judged, type JudgedRelease, judgeAll } from './policy-judged.ts'

/** Versions by npm name, as a lock file has them. */
export type LockedVersions = Readonly<Record<string, readonly string[]>>

/** What of a project's locked releases would be refused, whether the rules bind now or not. */
export async function testPolicy(node: NodeContext, locked: LockedVersions, signal: AbortSignal): Promise<object> {
  await node.policy.reload()
  const at = Date.now()
  const releases = releasesOf(locked).map(release => ({ ...release, at }))
  const judged: Judged = await judgeAll(node, factSourcesOf(node), releases, signal)
  return { mode: node.policy.inForce(at).mode, releases: releases.length, ...judged }
}

/** @throws NodeError E_PURL for a name or version that there cannot be */
export function releasesOf(locked: LockedVersions): readonly Omit<JudgedRelease, 'at'>[] {
  return Object.entries(locked).flatMap(([name, versions]) => {
    const packageName = npmPackageOf(name)
    if (packageName === null) throw new NodeError('E_PURL', `${JSON.stringify(name.slice(0, 80))} is no npm name`)
    return [...new Set(versions)].map(version => {
      if (releaseNameOf(packageName, version) !== null) return { package: packageName, version }
      throw new NodeError('E_PURL', `${JSON.stringify(version.slice(0, 80))} is no version of ${name}`)
    })
  })
}
