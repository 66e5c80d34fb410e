import { FOLD_NUMBER, type RouteAnswer, shortNameOf } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { parseSpec } from './find-package.ts'
import { splitFileName } from './install-artifact.ts'
import { refusalOf, resolve, whyCommandOf } from './resolution.ts'

/** The verdict on a package, explained: refused with the code and the help that `install` would end with. */
export async function why(node: NodeContext, purl: string): Promise<object> {
  const resolution = resolve(node, parseSpec(splitFileName(purl).purl))
  const { spec, route, release, verdict } = resolution
  const refusal = await refusalOf(node, resolution)
  const name = shortNameOf(spec.package)
  const help = refusal?.hint ?? null
  return {
    purl: spec.package,
    version: release?.version ?? null,
    decision: verdict.decision === 'allow' && refusal !== null ? 'deny' : verdict.decision,
    ...(refusal === null ? {} : { code: refusal.code }),
    why: refusal?.message ?? `${name}@${release?.version} comes from ${sourceOf(node, route)} and may be installed`,
    route: routeOf(route),
    publisher: route.to === 'publisher' ? route.publisher : null,
    reasons: verdict.reasons,
    ...(help === null || help === whyCommandOf(spec.package) ? {} : { help }),
    facts: {
      state: release?.state ?? 'unknown',
      visibility: release?.visibility ?? null,
      publishersWithIt: node.library.publishersOf(spec.package),
      fold: FOLD_NUMBER,
    },
  }
}

const sourceOf = (node: NodeContext, route: RouteAnswer): string =>
  route.to === 'publisher' ? node.relations.nameOf(route.publisher) : routeOf(route)

function routeOf(route: RouteAnswer): string {
  if (route.to === 'refused') return 'none'
  if (route.to === 'upstream') return `${route.route.match} → upstream/${route.name}`
  return route.route === null ? 'own or named publisher' : `${route.route.match} → ${route.route.target.to}`
}
