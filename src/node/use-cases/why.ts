import { FOLD_NUMBER, type RouteAnswer, shortNameOf } from '../../protocol/index.ts'
import type { NodeContext } from '../node-context.ts'
import { factSourcesOf } from '../policy/fact-sources.ts'
import { factsOf } from '../policy/facts.ts'
import { knownFactsOf, waiverFactsOf } from '../policy/known-facts.ts'
import { parseSpec } from './find-package.ts'
import { splitFileName } from './install-artifact.ts'
import { type Resolution, refusalOf, resolve, whyCommandOf } from './resolution.ts'
import { whyUpstream } from './why-upstream.ts'

/** The verdict on a package, explained: refused with the code and the help that `install` or a client's install would end with. */
export async function why(node: NodeContext, purl: string): Promise<object> {
  const resolution = resolve(node, parseSpec(splitFileName(purl).purl))
  const { spec, route } = resolution
  const ofUpstream = route.to === 'upstream' ? await whyUpstream(node, spec, route) : null
  return ofUpstream ?? (await whyRelease(node, resolution))
}

async function whyRelease(node: NodeContext, resolution: Resolution): Promise<object> {
  const { spec, route, release, verdict, judgement } = resolution
  const refusal = await refusalOf(node, resolution)
  const name = shortNameOf(spec.package)
  const help = refusal?.hint ?? null
  const { until = null } = judgement.verdict
  return {
    purl: spec.package,
    version: release?.version ?? null,
    decision: verdict.decision === 'allow' && refusal !== null ? 'deny' : verdict.decision,
    ...(refusal === null ? {} : { code: refusal.code }),
    why: refusal?.message ?? `${name}@${release?.version} comes from ${sourceOf(node, route)} and may be installed`,
    route: routeOf(route),
    publisher: route.to === 'publisher' ? route.publisher : null,
    mode: node.policy.inForce().mode,
    reasons: judgement.verdict.reasons,
    until: until === null ? null : new Date(until).toISOString(),
    ...(help === null || help === whyCommandOf(spec.package) ? {} : { help }),
    facts: {
      state: release?.state ?? 'unknown',
      visibility: release?.visibility ?? null,
      publishersWithIt: node.library.publishersOf(spec.package),
      fold: FOLD_NUMBER,
      known: release === null ? [] : knownOf(node, resolution, release.version),
    },
  }
}

function knownOf(node: NodeContext, { spec, route }: Resolution, version: string) {
  const facts = factsOf(factSourcesOf(node), { package: spec.package, route, versions: null })(version)
  const { document } = node.policy.inForce()
  return [...knownFactsOf(facts, sourceOf(node, route), null), ...waiverFactsOf(document, spec.package, version)]
}

const sourceOf = (node: NodeContext, route: RouteAnswer): string =>
  route.to === 'publisher' ? node.relations.nameOf(route.publisher) : routeOf(route)

function routeOf(route: RouteAnswer): string {
  if (route.to === 'refused') return 'none'
  if (route.to === 'upstream') return `${route.route.match} → upstream/${route.name}`
  return route.route === null ? 'own or named publisher' : `${route.route.match} → ${route.route.target.to}`
}
