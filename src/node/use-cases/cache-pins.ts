import { shortNameOf } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { parseSpec } from './find-package.ts'
import { bringVersion, isInstallable } from './install-upstream.ts'

/** Versions that stay cached, whatever the bound. */
export const listPins = ({ pins }: NodeContext): readonly object[] =>
  pins.list().map(({ purl, version, sha256 }) => ({ purl: shortNameOf(purl), version, sha256 }))

/** Brings a version of an upstream and keeps it until it is unpinned. @throws NodeError E_USAGE, and as an install does */
export async function pinCached(node: NodeContext, text: string, who: string, signal: AbortSignal): Promise<object> {
  const spec = parseSpec(text)
  const route = node.routes.resolve(spec.package)
  if (route.to !== 'upstream' || !isInstallable(spec.package)) {
    throw new NodeError('E_USAGE', `${shortNameOf(spec.package)} comes from no upstream that this node pulls from`, {
      hint: 'releases of publishers are kept by hanse mirror PUBLISHER',
    })
  }
  const { purl, version, sha256, size } = await bringVersion(node, spec, route, signal)
  await node.pins.add({ purl, version, sha256 })
  await node.audit.append({ at: Date.now(), who, what: 'cache.pin', purl, version })
  return { purl: shortNameOf(purl), version, sha256, size, pinned: true }
}

/** Lets a version go with the others. @throws NodeError E_USAGE, E_NOT_FOUND */
export async function unpinCached(node: NodeContext, text: string, who: string): Promise<object> {
  const { package: purl, range: version } = parseSpec(text)
  const name = shortNameOf(purl)
  if (version === null) throw new NodeError('E_USAGE', `${name} names no version`, { hint: 'hanse cache pins' })
  if (!(await node.pins.remove({ purl, version }))) {
    throw new NodeError('E_NOT_FOUND', `${name}@${version} is not pinned`, { hint: 'hanse cache pins' })
  }
  await node.audit.append({ at: Date.now(), who, what: 'cache.unpin', purl, version })
  return { purl: name, version, pinned: false }
}
