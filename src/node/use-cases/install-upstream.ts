import {
  type PackageName,
  parsePurl,
  type RouteAnswer,
  releaseNameOf,
  type Sha256,
  shortNameOf,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { NodeContext } from '../node-context.ts'
import { factSourcesOf } from '../policy/fact-sources.ts'
import { judgeOf } from '../policy/judge-releases.ts'
import { tarballFileOf } from '../registries/npm/npm-operation.ts'
import type { NpmSource } from '../registries/npm/npm-source.ts'
import { type PackumentView, packumentViewOf } from '../registries/npm/packument-view.ts'
import { refusedBy } from '../registries/npm/read-refusals.ts'
import { type WithheldPick, withheldPickOf } from '../registries/npm/withheld-picks.ts'
import { pickVersion } from '../registries/pick-version.ts'
import { isDiskFull, type StoredArtifact } from '../storage/index.ts'
import type { PackageSpec } from './find-package.ts'

type UpstreamRoute = Extract<RouteAnswer, { readonly to: 'upstream' }>

/** A version of an npm upstream whose bytes are here now. */
export interface BroughtVersion extends StoredArtifact {
  readonly purl: PackageName
  readonly name: string
  readonly version: string
  readonly upstream: string
  /** Whether the rules themselves let it through, not a dry-run alone. */
  readonly passed: boolean
}

/** Whether `hanse install` can bring what a route leads to: packages of npm registries. */
export const isInstallable = (purl: PackageName): boolean => purl.startsWith('pkg:npm/')

/** Resolves through what npm clients see of the package, brings its tarball and says where the file is. */
export async function installFromUpstream(
  node: NodeContext,
  spec: PackageSpec,
  route: UpstreamRoute,
  { who, signal }: { readonly who: string; readonly signal: AbortSignal },
): Promise<object> {
  const tell = (pick: WithheldPick) => node.verdicts.note({ at: Date.now(), who, purl: spec.package, ...pick })
  const brought = await bringVersion(node, spec, route, signal, tell)
  const { purl, name, version, upstream, sha256, size, cid } = brought
  await noted(node, { ...brought, who })
  return {
    purl: releaseNameOf(purl, version) ?? purl,
    publisher: upstream,
    ...{ sha256, size, cid },
    fileName: tarballFileOf(name, version),
    from: upstream,
  }
}

/** The version that a spec means, its bytes checked by its upstream's digests and kept. `tell` hears what rules object to. @throws NodeError E_NOT_FOUND, E_POLICY_DENIED, E_PURGED */
export async function bringVersion(
  node: NodeContext,
  { package: purl, range }: PackageSpec,
  route: UpstreamRoute,
  signal: AbortSignal,
  tell: (pick: WithheldPick) => void = () => {},
): Promise<BroughtVersion> {
  const source = requireSource(node, purl, route)
  const name = npmNameOf(purl)
  const { view, judge } = await viewOf(node, purl, route, source, signal)
  for (const pick of view.picks) tell(pick)
  const version = versionIn(view, purl, range)
  const judgement = judge(version)
  const pick = withheldPickOf(version, judgement)
  if (pick !== null) tell(pick)
  if (judgement.enforced.decision !== 'allow') throw refusedBy(`${shortNameOf(purl)}@${version}`, judgement.enforced)
  const tarball = await source.tarball(name, version, signal)
  if (tarball === null) throw notThere(purl, version, route)
  // Also what is kept already goes through the store: it says so, and nothing is written twice.
  const stored = await node.artifacts.addPulled(tarball.bytes)
  if (await node.artifacts.marks.isPulled(stored.sha256 as Sha256)) await node.ledger.kept(stored)
  const passed = judgement.verdict.decision === 'allow'
  return { purl, name, version, upstream: `upstream/${route.name}`, passed, ...stored }
}

function requireSource(node: NodeContext, purl: PackageName, { name }: UpstreamRoute): NpmSource {
  const source = node.upstreams.get(name)
  if (source !== undefined) return source
  throw new NodeError('E_NO_ROUTE', `${shortNameOf(purl)} is routed to upstream/${name}, which is not set up`, {
    hint: `hanse upstream add ${name} URL`,
  })
}

async function viewOf(
  node: NodeContext,
  purl: PackageName,
  route: UpstreamRoute,
  source: NpmSource,
  signal: AbortSignal,
) {
  const packument = await source.packument(npmNameOf(purl), signal)
  if (packument === null) throw notThere(purl, null, route)
  const { document, versions } = packument
  const at = { package: purl, route, versions }
  const judge = judgeOf(factSourcesOf(node), at, node.policy.inForce(), Date.now())
  return { view: packumentViewOf({ document, judge, base: '' }), judge }
}

/** A tag, else the newest version in range; where all of them are withheld, the newest of those. */
function versionIn({ document, withheld }: PackumentView, purl: PackageName, range: string | null): string {
  const tags = document['dist-tags']
  const wanted = range ?? 'latest'
  const tagged = Object.hasOwn(tags, wanted) ? tags[wanted] : undefined
  const picked = tagged ?? pickVersion('npm', Object.keys(document.versions), range)
  if (picked !== null) return picked
  const hidden = pickVersion('npm', [...withheld.keys()], range)
  if (hidden !== null) return hidden
  throw new NodeError('E_NOT_FOUND', `${shortNameOf(purl)} has no version or tag ${wanted.slice(0, 80)}`)
}

function notThere(purl: PackageName, version: string | null, { name }: UpstreamRoute): NodeError {
  const what = `${shortNameOf(purl)}${version === null ? '' : `@${version}`}`
  return new NodeError('E_NOT_FOUND', `${what} is not at upstream/${name}`, { hint: `hanse why ${shortNameOf(purl)}` })
}

function npmNameOf(purl: PackageName): string {
  const parsed = parsePurl(purl)
  if (!parsed.ok) throw new TypeError(`${purl} is no package name`)
  const { namespace, name } = parsed.value
  return namespace === null ? name : `${namespace}/${name}`
}

interface Noted {
  readonly purl: PackageName
  readonly version: string
  readonly who: string
  readonly upstream: string
  readonly passed: boolean
}

/** A full disk must not keep bytes that are here from anyone. */
async function noted(node: NodeContext, { purl, version, who, upstream, passed }: Noted): Promise<void> {
  node.installs.note({ at: Date.now(), who, purl, version, passed })
  try {
    await node.audit.append({ at: Date.now(), who, what: 'install', purl, version, upstream })
  } catch (error) {
    if (!isDiskFull(error)) throw error
  }
}
