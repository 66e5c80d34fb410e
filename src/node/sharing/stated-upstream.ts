import type { PackageName } from '../../protocol/index.ts'
import { npmPackageOf } from '../registries/npm/npm-package.ts'
import type { StatedUpstream } from './origin-keeper.ts'
import { type OriginOpsParts, originOpsOf } from './origin-ops.ts'
import type { OriginStatement } from './origin-statements.ts'
import type { PulledTarballs } from './pulled-tarballs.ts'

export interface StatedUpstreamParts extends Omit<OriginOpsParts, 'document' | 'isStated'> {
  readonly pulled: PulledTarballs
  /** What this node states of a version so far. */
  readonly stated: (name: PackageName, version: string) => readonly OriginStatement[]
}

/** What was pulled of an upstream, compared with what this node has stated of it. */
export function statedUpstreamOf({ pulled, stated, ...parts }: StatedUpstreamParts): StatedUpstream {
  const isStated: OriginOpsParts['isStated'] = (name, version, sha256) =>
    stated(name, version).some(({ of, artifact }) => (sha256 === null ? of === 'manifest' : artifact.sha256 === sha256))
  return {
    all: () => pulled.all(),
    get: (name, version) => pulled.get(name, version),
    isStated: ({ name, version, sha256 }) => {
      const purl = npmPackageOf(name)
      return purl === null || isStated(purl, version, sha256)
    },
    opsOf: each => originOpsOf({ ...parts, isStated, document: name => pulled.document(name) }, each),
  }
}
