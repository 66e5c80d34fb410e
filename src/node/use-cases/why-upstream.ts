import {
  FOLD_NUMBER,
  type Judgement,
  type PackageName,
  parsePurl,
  type RouteAnswer,
  shortNameOf,
  type Verdict,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { factSourcesOf } from '../policy/fact-sources.ts'
import { factsOf, type PackageSource } from '../policy/facts.ts'
import { judgeOf, LEGAL_RULE } from '../policy/judge-releases.ts'
import { type KnownFact, knownFactsOf, waiverFactsOf } from '../policy/known-facts.ts'
import { refusalTextOf } from '../policy/refusal-text.ts'
import type { NpmPackument, PackumentDocument } from '../registries/npm/index.ts'
import { newestStable } from '../registries/npm/packument-view.ts'
import { RegistryRouter } from '../registries/npm/registry-router.ts'
import { pickVersion } from '../registries/pick-version.ts'
import type { PackageSpec } from './find-package.ts'

/** How long `why` waits for an upstream, ms: as long as people do. */
const UPSTREAM_WAIT_MS = 30_000

type UpstreamRoute = Extract<RouteAnswer, { readonly to: 'upstream' }>

/** The verdict on a version that npm clients get from an upstream, explained; null for packages of other types. */
export async function whyUpstream(node: NodeContext, spec: PackageSpec, route: UpstreamRoute): Promise<object | null> {
  const parsed = parsePurl(spec.package)
  if (!parsed.ok || parsed.value.type !== 'npm') return null
  const { namespace, name } = parsed.value
  const packument = await packumentOf(node, namespace === null ? name : `${namespace}/${name}`)
  const { document } = packument
  const version = versionMeant(document, spec.range)
  if (version === null) return absent(node, spec, route, Object.keys(document.versions).length)
  const source: PackageSource = { package: spec.package, route, versions: packument.versions }
  return answerOf(node, source, document, version)
}

async function packumentOf(node: NodeContext, name: string): Promise<NpmPackument> {
  const { source, sourceKey } = new RegistryRouter(node, node.upstreams).sourceOf(name)
  const packument = await source.packument(name, AbortSignal.timeout(UPSTREAM_WAIT_MS))
  if (packument !== null) return packument
  throw new NodeError('E_NOT_FOUND', `npm:${name} is not at ${sourceKey}`, { hint: `hanse search ${name}` })
}

/** What a client without a policy would install. */
function versionMeant({ 'dist-tags': tags, versions }: PackumentDocument, range: string | null): string | null {
  const wanted = range ?? 'latest'
  if (Object.hasOwn(tags, wanted)) return tags[wanted] ?? null
  const all = Object.keys(versions)
  return range === null ? newestStable(all) : pickVersion('npm', all, range)
}

function answerOf(node: NodeContext, source: PackageSource, document: PackumentDocument, version: string): object {
  const now = Date.now()
  const sources = factSourcesOf(node)
  const rules = node.policy.inForce(now)
  const judge = judgeOf(sources, source, rules, now)
  const { enforced, verdict } = judge(version)
  const from = routeOf(source.route as UpstreamRoute)
  const known = knownFactsOf(factsOf(sources, source)(version), from, document.time?.[version] ?? null)
  return {
    purl: source.package,
    version,
    decision: enforced.decision,
    ...(enforced.decision === 'allow' ? {} : { code: codeOf(enforced) }),
    why: sentenceOf(`${shortNameOf(source.package)}@${version}`, { enforced, verdict }, from),
    route: from,
    publisher: null,
    mode: rules.mode,
    reasons: verdict.reasons,
    until: isoOf(verdict.until ?? null),
    instead: verdict.decision === 'allow' ? null : insteadOf(document, each => judge(each).verdict),
    facts: {
      ...commonFactsOf(node, source.package, 'upstream'),
      known: [...known, ...waiverFactsOf(rules.document, source.package, version), ...hearsayOf(node, source, version)],
    },
  }
}

/** What publishers that are only followed say otherwise; it decides nothing. */
function hearsayOf({ sharing }: NodeContext, { package: name }: PackageSource, version: string): readonly KnownFact[] {
  const said = sharing.hearsayOf(name, version)
  return said === null ? [] : [{ fact: 'another digest', value: said, from: 'publishers that are followed' }]
}

const codeOf = ({ reasons: [reason] }: Verdict): string =>
  reason?.rule === LEGAL_RULE ? 'E_PURGED' : 'E_POLICY_DENIED'

/** The newest release that the rules allow, not above the upstream's own latest. */
function insteadOf({ versions, 'dist-tags': tags }: PackumentDocument, verdictOf: (version: string) => Verdict) {
  const allowed = Object.keys(versions).filter(version => verdictOf(version).decision === 'allow')
  return newestStable(allowed, Object.hasOwn(tags, 'latest') ? tags.latest : undefined)
}

function sentenceOf(
  name: string,
  { enforced, verdict }: Pick<Judgement, 'enforced' | 'verdict'>,
  from: string,
): string {
  if (enforced.decision !== 'allow') return `${name} ${refusalTextOf(enforced)}`
  if (verdict.decision === 'allow') return `${name} comes from ${from} and may be installed`
  return `${name} may be installed because the policy is in dry-run; else it ${refusalTextOf(verdict)}`
}

function absent(node: NodeContext, { package: name, range }: PackageSpec, route: UpstreamRoute, count: number): object {
  return {
    purl: name,
    version: null,
    decision: 'deny',
    code: 'E_NOT_FOUND',
    why: `none of the ${count} versions of ${shortNameOf(name)} at upstream/${route.name} is ${range ?? 'a release'}`,
    route: routeOf(route),
    publisher: null,
    reasons: [],
    facts: commonFactsOf(node, name, 'unknown'),
  }
}

const commonFactsOf = (node: NodeContext, name: PackageName, state: 'upstream' | 'unknown') => ({
  state,
  visibility: null,
  publishersWithIt: node.library.publishersOf(name),
  fold: FOLD_NUMBER,
})

const routeOf = ({ route, name }: UpstreamRoute): string => `${route.match} → upstream/${name}`
const isoOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
