import {
  type Artifact,
  evaluate,
  FOLD_NUMBER,
  type PackageName,
  type PublisherId,
  parsePurl,
  type ReleaseState,
  type RouteAnswer,
  releaseNameOf,
  STANDING_RULES,
  shortNameOf,
  sourceLinesOf,
  type Verdict,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { pickVersion } from '../registries/pick-version.ts'
import { isDiskFull } from '../storage/index.ts'
import { seekPublishers } from './ask-federation.ts'
import { type PackageSpec, parseSpec } from './find-package.ts'
import { pickArtifact, splitFileName } from './install-artifact.ts'

/** How long an install waits for the records of a publisher that was allowed just now; ms. */
const SYNC_WAIT_MS = 10_000
/** The same for a release that a publisher already known here may have made this moment; ms. */
const NEWS_WAIT_MS = 1_500

/** What the routes and the policy say about one package, and the release they lead to. */
export interface Resolution {
  readonly spec: PackageSpec
  readonly route: RouteAnswer
  readonly release: ReleaseState | null
  readonly verdict: Verdict
}

/** Resolves a name through routes and policy, with what is known now. */
function resolve(node: NodeContext, spec: PackageSpec, publisher?: PublisherId): Resolution {
  const route = node.routes.resolve(spec.package, publisher)
  const release = route.to === 'publisher' ? releaseOf(node, spec, route.publisher) : null
  const version = release?.version ?? spec.range ?? ''
  const verdict = evaluate({ package: spec.package, version, route, release }, { rules: STANDING_RULES }, Date.now())
  return { spec, route, release, verdict }
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

/** Resolves, brings the artifact here and says where it came from. */
export async function install(
  node: NodeContext,
  request: { readonly purl: string; readonly publisher?: string },
  signal: AbortSignal,
): Promise<object> {
  const { purl, fileName } = splitFileName(request.purl)
  const spec = parseSpec(purl)
  const publisher = request.publisher === undefined ? undefined : node.relations.resolve(request.publisher)
  const { route, release, verdict } = await resolveSynced(node, spec, publisher, signal)
  if (route.to === 'refused') throw await refusalOf(node, spec, route)
  if (route.to === 'upstream') throw noUpstream(node, spec.package, route)
  if (release === null) throw notFound(node, spec, route.publisher)
  if (verdict.decision !== 'allow') {
    const [reason] = verdict.reasons
    throw new NodeError(
      'E_POLICY_DENIED',
      `${shortNameOf(spec.package)}@${release.version}: ${reason?.message ?? 'denied'}`,
      {
        hint: reason?.hint ?? `hanse why ${shortNameOf(spec.package)}`,
      },
    )
  }
  const artifact = pickArtifact({ package: spec.package, release, fileName, publisher: request.publisher })
  return await bring(node, spec.package, release, artifact, route, signal)
}

/** A publisher allowed a moment ago may not have arrived yet: its records are waited for, within a bound. */
async function resolveSynced(
  node: NodeContext,
  spec: PackageSpec,
  publisher: PublisherId | undefined,
  signal: AbortSignal,
): Promise<Resolution> {
  const first = resolve(node, spec, publisher)
  const isComing = first.route.to === 'publisher' ? first.release === null : await isAllowedElsewhere(node, spec, first)
  if (!isComing || node.connectedPeers().length === 0) return first
  const limit = AbortSignal.any([signal, AbortSignal.timeout(waitOf(node, first))])
  await node.library.waitUntil(() => resolve(node, spec, publisher).release !== null, limit)
  return resolve(node, spec, publisher)
}

/** What a publisher whose packages are here lacks is most likely not there at all. */
function waitOf(node: NodeContext, { route }: Resolution): number {
  const known = route.to === 'publisher' ? node.library.catalogue.publisher(route.publisher) : null
  return known !== null && known !== undefined && known.packages.size > 0 ? NEWS_WAIT_MS : SYNC_WAIT_MS
}

async function isAllowedElsewhere(node: NodeContext, spec: PackageSpec, { route }: Resolution): Promise<boolean> {
  if (route.to !== 'refused' || route.refused !== 'E_NO_ROUTE') return false
  const seen = await seekPublishers(node, spec.package)
  return seen.some(id => {
    const { allow, block } = node.relations.relationOf(id)
    return allow === 'any' && !block && node.library.package(id, spec.package) === null
  })
}

async function bring(
  node: NodeContext,
  name: PackageName,
  release: ReleaseState,
  artifact: Artifact,
  route: Extract<RouteAnswer, { to: 'publisher' }>,
  signal: AbortSignal,
): Promise<object> {
  const fetched = await node.fetcher.fetch(artifact, route.publisher, signal)
  if ('failed' in fetched) {
    const { failed, tried } = fetched
    const why = tried.map(({ peer, why: reason }) => `${peer}: ${reason}`).join('; ')
    const what =
      failed === 'E_NO_PROVIDER'
        ? 'no peer that could be reached has its bytes'
        : 'peers sent other bytes than the release names'
    throw new NodeError(failed, `${shortNameOf(name)}@${release.version}: ${what}${why ? ` (${why})` : ''}`, {
      hint:
        failed === 'E_NO_PROVIDER'
          ? 'hanse peer list; a mirror of the publisher keeps its bytes available'
          : 'hanse peer list',
    })
  }
  await remember(node, name, release.version, route)
  return {
    purl: releaseNameOf(name, release.version) ?? name,
    publisher: route.publisher,
    sha256: artifact.sha256,
    size: artifact.size,
    cid: artifact.cid,
    fileName: artifact.name,
    from: fetched.from,
  }
}

/** Pin and audit line of an install. A full disk must not keep bytes that are here from anyone: the next install tries again. */
async function remember(
  node: NodeContext,
  purl: PackageName,
  version: string,
  { pin, publisher }: Extract<RouteAnswer, { to: 'publisher' }>,
): Promise<void> {
  try {
    if (pin) await node.relations.pin(purl, publisher)
    await node.audit.append({ at: Date.now(), who: 'api', what: 'install', purl, version, publisher })
  } catch (error) {
    if (!isDiskFull(error)) throw error
  }
}

async function refusalOf(
  node: NodeContext,
  spec: PackageSpec,
  route: Extract<RouteAnswer, { to: 'refused' }>,
): Promise<NodeError> {
  const code = route.refused === 'nowhere' ? 'E_NO_ROUTE' : route.refused
  const name = shortNameOf(spec.package)
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

/** The verdict on a package, explained. */
export async function why(node: NodeContext, purl: string): Promise<object> {
  const { spec, route, release, verdict } = resolve(node, parseSpec(splitFileName(purl).purl))
  const refusal = route.to === 'refused' ? await refusalOf(node, spec, route) : null
  const name = shortNameOf(spec.package)
  return {
    purl: spec.package,
    version: release?.version ?? null,
    decision: verdict.decision,
    why: refusal?.message ?? verdict.reasons[0]?.message ?? sentenceOf(node, name, route, release),
    route: routeOf(route),
    publisher: route.to === 'publisher' ? route.publisher : null,
    reasons: verdict.reasons,
    ...(refusal?.hint ? { help: refusal.hint } : {}),
    facts: {
      state: release?.state ?? 'unknown',
      visibility: release?.visibility ?? null,
      publishersWithIt: node.library.publishersOf(spec.package),
      fold: FOLD_NUMBER,
    },
  }
}

function sentenceOf(node: NodeContext, name: string, route: RouteAnswer, release: ReleaseState | null): string {
  if (route.to === 'upstream') return `${name} is routed to upstream/${route.name}`
  if (route.to !== 'publisher') return `${name} is refused`
  const from = node.relations.nameOf(route.publisher)
  return release === null
    ? `${name} comes from ${from}, of which no release is known here`
    : `${name}@${release.version} comes from ${from} and may be installed`
}

function routeOf(route: RouteAnswer): string {
  if (route.to === 'refused') return 'none'
  if (route.to === 'upstream') return `${route.route.match} → upstream/${route.name}`
  return route.route === null ? 'own or named publisher' : `${route.route.match} → ${route.route.target.to}`
}
