import { NodeError } from '../../errors.ts'
import type { NodeContext } from '../../node-context.ts'
import { applyDeprecations } from './deprecations.ts'
import { npmPackageOf } from './npm-package.ts'
import { setTag } from './package-tags.ts'

/** Tags and deprecations that another registry had for a package. */
export interface TakenState {
  readonly name: string
  /** Versions by tag. */
  readonly tags: Readonly<Record<string, string>>
  /** Reasons by version. */
  readonly deprecated: Readonly<Record<string, string>>
}

/** Gives an own package the tags and deprecations it had elsewhere; says how many of them were not there before. */
export async function takeOverState(
  node: NodeContext,
  { name, tags, deprecated }: TakenState,
): Promise<{ readonly tags: number; readonly deprecations: number }> {
  const purl = npmPackageOf(name)
  const state = purl === null ? null : node.library.package(node.writer.publisher, purl)
  if (purl === null || state === null) throw new NodeError('E_NOT_FOUND', `this node has not released npm:${name}`)
  const missing = Object.entries(tags).filter(([tag, version]) => state.tags.get(tag) !== version)
  for (const [tag, version] of missing) await setTag(node, purl, tag, version)
  const versions = Object.fromEntries(
    Object.entries(deprecated).map(([version, why]) => [version, { deprecated: why }]),
  )
  return { tags: missing.length, deprecations: await applyDeprecations(node, purl, versions) }
}
