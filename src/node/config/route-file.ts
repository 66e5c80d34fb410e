import { isSeq, YAMLSeq } from 'yaml'
import { NodeError } from '../errors.ts'
import { configPathOf, readConfigDocument, writeConfigText } from './config-file.ts'
import { parseConfig } from './load-config.ts'
import { requireMatchable, requireUpstream } from './route-check.ts'
import type { RouteSetting } from './schema.ts'

/**
 * Writes a route into config.yaml, keeping its comments; `before` is the index it takes (default: at the end), `added` are the
 * upstreams known beside those of the file.
 * The same pattern with the same target changes nothing, with another one throws `E_ROUTE_TAKEN`;
 * a pattern or an upstream that nothing can come of throws `E_USAGE`.
 */
export async function addRoute(
  home: string,
  route: RouteSetting,
  before?: number,
  added: readonly string[] = [],
): Promise<readonly RouteSetting[]> {
  const document = await readConfigDocument(home)
  const config = parseConfig(document.toJS({ maxAliasCount: 0 }) ?? {}, configPathOf(home))
  const { routes } = config
  const same = routes.find(({ match }) => match === route.match)
  if (same?.to === route.to) return routes
  if (same) {
    throw new NodeError('E_ROUTE_TAKEN', `routes: ${route.match} already leads to ${same.to}`, {
      hint: `hanse route remove '${route.match}'`,
    })
  }
  requireMatchable(route.match)
  requireUpstream(route, config, added)
  const next = routes.toSpliced(before ?? routes.length, 0, route)
  return await writeRoutes(home, document, next)
}

/** Takes the route with exactly this pattern out of config.yaml; false when there is none. */
export async function removeRoute(home: string, match: string): Promise<boolean> {
  const document = await readConfigDocument(home)
  const { routes } = parseConfig(document.toJS({ maxAliasCount: 0 }) ?? {}, configPathOf(home))
  const next = routes.filter(route => route.match !== match)
  if (next.length === routes.length) return false
  await writeRoutes(home, document, next)
  return true
}

type ConfigDocument = Awaited<ReturnType<typeof readConfigDocument>>

async function writeRoutes(
  home: string,
  document: ConfigDocument,
  routes: readonly RouteSetting[],
): Promise<readonly RouteSetting[]> {
  const old = document.get('routes')
  const kept = new Map<string, unknown>()
  if (isSeq(old)) for (const item of old.items) kept.set(patternOf(item), item)
  const sequence = isSeq(old) ? old : new YAMLSeq()
  // Nodes that stay keep their own comments; new ones are written as { match: …, to: … }.
  sequence.items = routes.map(route => kept.get(route.match) ?? document.createNode(route, { flow: true }))
  document.set('routes', sequence)
  const { routes: checked } = parseConfig(document.toJS({ maxAliasCount: 0 }), configPathOf(home))
  await writeConfigText(home, document.toString({ lineWidth: 0 }))
  return checked
}

function patternOf(item: unknown): string {
  const value = (item as { toJSON?: () => unknown }).toJSON?.()
  return (value as { match?: string } | undefined)?.match ?? ''
}
