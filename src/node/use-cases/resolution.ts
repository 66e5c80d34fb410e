import {
  type Judgement,
  type PackageName,
  type PublisherId,
  parsePurl,
  type ReleaseState,
  type RouteAnswer,
  shortNameOf,
  sourceLinesOf,
  type Verdict,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { factSourcesOf } from '../policy/fact-sources.ts'
import { judgeOf, LEGAL_RULE } from '../policy/judge-releases.ts'
import { refusalTextOf } from '../policy/refusal-text.ts'
import { pickVersion } from '../registries/pick-version.ts'
import { seekPublishers } from './ask-federation.ts'
import type { PackageSpec } from './find-package.ts'

/** What the routes and the policy say about one package, and the release they lead to. */
export interface Resolution {
  readonly spec: PackageSpec
  readonly route: RouteAnswer
  readonly release: ReleaseState | null
  /** What the rules say; `verdict` is what of it binds. */
  readonly judgement: Judgement
  readonly verdict: Verdict
}

/** Resolves a name through routes and policy, with what is known now. */
export function resolve(node: NodeContext, spec: PackageSpec, publisher?: PublisherId): Resolution {
  const route = node.routes.resolve(spec.package, publisher)
  const release = route.to === 'publisher' ? releaseOf(node, spec, route.publisher) : null
  const version = release?.version ?? spec.range ?? ''
  const source = { package: spec.package, route, versions: null }
  const judgement = judgeOf(factSourcesOf(node), source, node.policy.inForce(), Date.now())(version)
  return { spec, route, release, judgement, verdict: judgement.enforced }
}

/** The newest live release in range; a version asked for exactly is answered also when it is withdrawn, to say so. */
function releaseOf(
  node: NodeContext,
  { package: name, range }: PackageSpec,
  publisher: PublisherId,
): ReleaseState | null {
  const releases = node.library.package(publisher, name)?.releases
  if (releases === undefined) return null
  const tagged = range === null ? undefined : node.library.package(publisher, name)?.tags.get(range)
  const exact = releases.get(tagged ?? range ?? '')
  if (exact !== undefined) return exact
  const live = [...releases.values()].filter(release => release.state === 'live')
  const parsed = parsePurl(name)
  const picked = pickVersion(
    parsed.ok ? parsed.value.type : 'generic',
    live.map(release => release.version),
    range,
  )
  return picked === null ? null : (releases.get(picked) ?? null)
}

/** Why an install of this ends without its bytes being asked for, or null: what `install` throws and `why` explains. */
export async function refusalOf(
  node: NodeContext,
  { spec, route, release, verdict }: Resolution,
): Promise<NodeError | null> {
  if (route.to === 'refused') return await noRoute(node, spec, route)
  if (route.to === 'upstream') return noUpstream(node, spec.package, route)
  if (release === null) return notFound(node, spec, route.publisher)
  if (verdict.decision === 'allow') return null
  const [reason] = verdict.reasons
  const name = shortNameOf(spec.package)
  const code = reason?.rule === LEGAL_RULE ? 'E_PURGED' : 'E_POLICY_DENIED'
  return new NodeError(code, `${name}@${release.version} ${refusalTextOf(verdict)}`, {
    hint: reason?.hint ?? whyCommandOf(spec.package),
  })
}

/** The command that explains a package. */
export const whyCommandOf = (name: PackageName): string => `hanse why ${shortNameOf(name)}`

async function noRoute(
  node: NodeContext,
  spec: PackageSpec,
  route: Extract<RouteAnswer, { to: 'refused' }>,
): Promise<NodeError> {
  const code = route.refused === 'nowhere' ? 'E_NO_ROUTE' : route.refused
  const name = shortNameOf(spec.package)
  const blocked = node.library.publishersOf(spec.package).filter(id => node.relations.relationOf(id).block)
  if (blocked.length > 0) return onlyBlocked(node, code, `${name}: ${route.why}`, blocked)
  if (route.hint !== null) return new NodeError(code, `${name}: ${route.why}`, { hint: route.hint })
  const seen = [...new Set([...node.seen.publishersOf(spec.package), ...(await seekPublishers(node, spec.package))])]
  if (seen.length === 0) {
    return new NodeError(code, `${name}: ${route.why}; nobody known here publishes it`, {
      hint: `hanse search '${name.split(':').at(-1)}'`,
    })
  }
  const hint = sourceLinesOf(seen, spec.package, node.relations) ?? ''
  return new NodeError(code, `${name}: ${route.why}; seen from ${seen.join(', ')}`, { hint })
}

/** Of publishers that have it and are blocked; following one again lifts its block. */
function onlyBlocked(
  node: NodeContext,
  code: 'E_NO_ROUTE' | 'E_AMBIGUOUS',
  why: string,
  blocked: readonly PublisherId[],
): NodeError {
  const names = blocked.map(id => node.relations.nameOf(id))
  const isAre = names.length === 1 ? 'has it and is blocked' : 'have it and are blocked'
  const hint = names.map(name => `hanse follow ${name}`).slice(0, 8)
  return new NodeError(code, `${why}; ${names.join(', ')} ${isAre}`, { hint: hint.join('\n') })
}

function noUpstream(
  node: NodeContext,
  name: PackageName,
  { name: upstream, route }: Extract<RouteAnswer, { to: 'upstream' }>,
): NodeError {
  const short = shortNameOf(name)
  const hint = sourceLinesOf(node.library.publishersOf(name), name, node.relations, route) ?? `hanse info '${short}'`
  return new NodeError(
    'E_NO_ROUTE',
    `${short} is routed to upstream/${upstream}, which this version does not pull from`,
    { hint },
  )
}

function notFound(node: NodeContext, { package: name, range }: PackageSpec, publisher: PublisherId): NodeError {
  const releases = node.library.package(publisher, name)?.releases
  const wanted = `${shortNameOf(name)}${range === null ? '' : `@${range}`}`
  if (releases === undefined) {
    return new NodeError(
      'E_NOT_FOUND',
      `${node.relations.nameOf(publisher)} has no release of ${wanted} that is known here`,
      {
        hint: 'hanse peer list; its records come from any peer that has them',
      },
    )
  }
  return new NodeError(
    'E_NOT_FOUND',
    `no live release of ${wanted}; there are ${[...releases.keys()].slice(-10).join(', ')}`,
  )
}
