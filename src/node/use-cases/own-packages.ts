import { type PackageName, shortNameOf } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'

/** One package that this node's own publisher released. */
export interface OwnPackage {
  /** As the ecosystem's clients write it: `@acme/x`. */
  readonly name: string
  /** Every version released, withdrawn ones too. */
  readonly versions: readonly string[]
}

/** This node's own packages of one type, by name. */
export async function listOwnPackages(node: NodeContext, type: string): Promise<readonly OwnPackage[]> {
  const packages = node.library.catalogue.publisher(node.writer.publisher)?.packages ?? new Map<PackageName, never>()
  return [...packages.entries()]
    .filter(([purl, { releases }]) => purl.startsWith(`pkg:${type}/`) && releases.size > 0)
    .map(([purl, { releases }]) => ({ name: shortNameOf(purl).slice(type.length + 1), versions: [...releases.keys()] }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
