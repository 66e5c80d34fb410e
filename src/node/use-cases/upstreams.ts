import type { UpstreamSetting } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import type { UpstreamRequest } from '../http/cache-services.ts'
import type { NodeContext } from '../node-context.ts'
import { cacheKeyOf, type UpstreamSettings } from '../upstream/index.ts'
import { formerCaches, removeFormerCaches } from './cache-former.ts'
import { cacheUsage } from './cache-usage.ts'

/** Every registry that routes may name: how it is reached, how it stands, what is kept of it. */
export async function listUpstreams(node: NodeContext): Promise<readonly object[]> {
  const usage = await cacheUsage(node)
  return node.upstreams.list().map(({ name, url, credentials, from, state, lastFailure }) => {
    const kept = usage.get(url === null ? '' : cacheKeyOf({ name, url } as UpstreamSettings))
    return {
      ...{ name, url, credentials, from, state, lastFailure },
      packages: kept?.packuments ?? 0,
      tarballs: kept?.tarballs ?? 0,
      bytes: (kept?.tarballBytes ?? 0) + (kept?.packumentBytes ?? 0),
    }
  })
}

/** Adds an npm registry, asked from now on. @throws NodeError E_NAME_TAKEN, E_USAGE, E_CONFIG */
export async function addUpstream(
  node: NodeContext,
  { name, ...given }: UpstreamRequest,
  who: string,
): Promise<object> {
  const setting: UpstreamSetting = { ecosystem: 'npm', ...given }
  const warnings = await node.upstreams.add(name, setting)
  await node.audit.append({ at: Date.now(), who, what: 'upstream.add', name, url: given.url })
  const line = node.upstreams.list().find(each => each.name === name)
  return {
    ...{ name, url: line?.url ?? given.url, credentials: line?.credentials ?? 'none' },
    ...(warnings.length === 0 ? {} : { warning: warnings.join('; ') }),
    next: `hanse route add 'npm:@scope/*' upstream/${name}`,
  }
}

/** Forgets a registry that was added, with its documents. @throws NodeError E_ROUTE_TAKEN while a route leads there */
export async function removeUpstream(node: NodeContext, name: string, who: string): Promise<object> {
  const route = node.routes.list().find(({ to }) => to === `upstream/${name}`)
  if (route !== undefined) {
    throw new NodeError('E_ROUTE_TAKEN', `the route ${route.match} leads to upstream/${name}`, {
      hint: `hanse route remove '${route.match}'`,
    })
  }
  await node.upstreams.remove(name)
  const former = await formerCaches(node)
  await removeFormerCaches(
    node,
    former.filter(key => key.startsWith(`${name}.`)),
  )
  await node.audit.append({ at: Date.now(), who, what: 'upstream.remove', name })
  return { name, removed: true }
}
