import { setImmediate } from 'node:timers/promises'
import type { Artifact, BlockId, PackageName, Sha256 } from '../../protocol/index.ts'
import { MAX_PURGED_NAMES, type PurgedName, tarballRows } from '../cache/index.ts'
import { sha256OfRawBlock } from '../library/raw-block.ts'
import { unlessDamaged } from '../library/stored-bodies.ts'
import type { NodeContext } from '../node-context.ts'
import { npmPackageOf } from '../registries/npm/npm-package.ts'

/** Bytes to be purged, as far as they are known here, and every version that names them. */
export interface PurgeTarget {
  readonly cid: BlockId | null
  readonly sha256: Sha256 | null
  readonly names: readonly PurgedName[]
}

/** Whether a text is a CID or a sha-256 in hex. */
export const isDigest = (text: string): text is BlockId | Sha256 =>
  /^b[a-z2-7]{58}$/.test(text) || /^[0-9a-f]{64}$/.test(text)

/**
 * The bytes with a CID or sha-256. What the store says of them counts; a record only claims which CID belongs to which
 * digest, and a false one must not take other bytes with it.
 */
export async function targetOfDigest(node: NodeContext, id: BlockId | Sha256): Promise<PurgeTarget> {
  const held = await node.artifacts.stat(id)
  const isCid = id.startsWith('b') && id.length === 59
  const sha256 = held?.sha256 ?? (isCid ? sha256OfRawBlock(id as BlockId) : (id as Sha256))
  const cid = held?.cid ?? (isCid ? (id as BlockId) : null)
  const isMeant = (artifact: Pick<Artifact, 'sha256' | 'cid'>) => artifact.sha256 === sha256 || artifact.cid === cid
  const names: PurgedName[] = []
  for await (const { purl, version, artifact } of released(node)) if (isMeant(artifact)) names.push({ purl, version })
  for await (const row of tarballRows(node.database)) {
    const purl = npmPackageOf(row.name)
    if (row.sha256 === sha256 && purl !== null) names.push({ purl, version: row.version })
  }
  return { cid, sha256, names: distinct(names) }
}

/** All bytes of one version: what publishers released under it, and what upstreams gave. */
export async function targetsOfVersion(
  node: NodeContext,
  purl: PackageName,
  version: string,
): Promise<readonly PurgeTarget[]> {
  const digests = new Set<Sha256>()
  for await (const each of released(node, purl)) if (each.version === version) digests.add(each.artifact.sha256)
  for await (const row of tarballRows(node.database)) {
    if (row.version === version && npmPackageOf(row.name) === purl) digests.add(row.sha256)
  }
  if (digests.size === 0) return [{ cid: null, sha256: null, names: [{ purl, version }] }]
  const targets = await Promise.all([...digests].map(sha256 => targetOfDigest(node, sha256)))
  return targets.map(target => ({ ...target, names: distinct([{ purl, version }, ...target.names]) }))
}

/** What is released here, or of one package. Every record is read for it again: others have their turns meanwhile, and what is damaged names nothing. */
async function* released({ library }: NodeContext, only?: PackageName) {
  const { catalogue } = library
  for (const publisher of only === undefined ? catalogue.publishers() : catalogue.publishersOf(only)) {
    for (const purl of only === undefined ? [...(catalogue.publisher(publisher)?.packages.keys() ?? [])] : [only]) {
      const releases = unlessDamaged(() => library.package(publisher, purl))?.releases.values() ?? []
      for (const { version, artifacts } of releases)
        for (const { artifact } of artifacts) yield { purl, version, artifact }
      await setImmediate()
    }
  }
}

function distinct(names: readonly PurgedName[]): readonly PurgedName[] {
  const byText = new Map(names.map(({ purl, version }) => [`${purl}@${version}`, { purl, version }]))
  return [...byText.values()].slice(0, MAX_PURGED_NAMES)
}
