import {
  type Artifact,
  isReleased,
  type PackageName,
  type PublisherId,
  type ReleaseState,
  type RouteAnswer,
  releaseNameOf,
  shortNameOf,
} from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { FetchedFrom } from '../library/artifact-fetcher.ts'
import type { NodeContext } from '../node-context.ts'
import { withheldPickOf } from '../registries/npm/withheld-picks.ts'
import { isDiskFull, requireAdmitted } from '../storage/index.ts'
import { seekPublishers } from './ask-federation.ts'
import { type PackageSpec, parseSpec } from './find-package.ts'
import { pickArtifact, splitFileName } from './install-artifact.ts'
import { installFromUpstream, isInstallable } from './install-upstream.ts'
import { type Resolution, refusalOf, resolve } from './resolution.ts'

/** How long an install waits for the records of a publisher that was allowed just now; ms. */
const SYNC_WAIT_MS = 10_000
/** The same for a release that a publisher already known here may have made this moment; ms. */
const NEWS_WAIT_MS = 1_500

/** Resolves, brings the artifact here and says where it came from. */
export async function install(
  node: NodeContext,
  request: { readonly purl: string; readonly publisher?: string; readonly who: string },
  signal: AbortSignal,
): Promise<object> {
  const { purl, fileName } = splitFileName(request.purl)
  const spec = parseSpec(purl)
  const publisher = request.publisher === undefined ? undefined : node.relations.resolve(request.publisher)
  const resolution = await resolveSynced(node, spec, publisher, signal)
  const { route, release } = resolution
  if (route.to === 'upstream' && isInstallable(spec.package)) {
    return await installFromUpstream(node, spec, route, { who: request.who, signal })
  }
  const refusal = await refusalOf(node, resolution)
  const pick = release === null ? null : withheldPickOf(release.version, resolution.judgement)
  if (pick !== null) node.verdicts.note({ at: Date.now(), who: request.who, purl: spec.package, ...pick })
  if (refusal !== null) throw refusal
  if (route.to !== 'publisher' || release === null)
    throw new TypeError('a resolution that is not refused has a release')
  const artifact = pickArtifact({ package: spec.package, release, fileName, publisher: request.publisher })
  const brought = await bring(node, spec.package, release, artifact, route, { asked: request.purl, signal })
  const { version } = release
  const passed = resolution.judgement.verdict.decision === 'allow'
  node.installs.note({
    ...{ at: Date.now(), who: request.who, purl: spec.package, version, passed },
    publisher: route.publisher,
  })
  await remember(node, { purl: spec.package, version, who: request.who }, route)
  return brought
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
    return allow === 'any' && !block && !isReleased(node.library.package(id, spec.package))
  })
}

async function bring(
  node: NodeContext,
  name: PackageName,
  release: ReleaseState,
  artifact: Artifact,
  route: Extract<RouteAnswer, { to: 'publisher' }>,
  { asked, signal }: { readonly asked: string; readonly signal: AbortSignal },
): Promise<object> {
  requireAdmitted(node.purges, artifact)
  const fetched = await node.fetcher.fetch(artifact, route.publisher, signal, asked)
  if ('failed' in fetched) {
    throw notFetched(node, `${shortNameOf(name)}@${release.version}`, artifact, route.publisher, fetched)
  }
  return {
    purl: releaseNameOf(name, release.version) ?? name,
    publisher: route.publisher,
    sha256: artifact.sha256,
    size: artifact.size,
    cid: artifact.cid,
    fileName: artifact.name,
    from: fetched.from,
    mirrors: 'mirrors' in fetched ? fetched.mirrors : [],
  }
}

/** Peers that the message names at most, of all that were asked. */
const MAX_PEERS_NAMED = 8

function notFetched(
  node: NodeContext,
  title: string,
  { sha256 }: Artifact,
  publisher: PublisherId,
  { failed, tried }: Extract<FetchedFrom, { failed: string }>,
): NodeError {
  const { access } = node.library
  if (failed === 'E_NO_PROVIDER' && access.audienceFor(sha256, publisher).size > 0) {
    return new NodeError(failed, `${title} is for an audience, and nobody on its list who is connected has it`, {
      hint: 'hanse peer list; only nodes on the list are asked, the publisher’s first of all',
    })
  }
  if (failed === 'E_NO_PROVIDER' && !access.isNamedOpenly(sha256, publisher)) {
    return new NodeError(
      failed,
      `${title} is private and its bytes here are gone or damaged; no peer is asked for it`,
      {
        hint: 'hanse doctor names the file; publish the same file again, or restore a backup that has it',
      },
    )
  }
  const named = tried.slice(-MAX_PEERS_NAMED).map(({ peer, why }) => `${peer}: ${why}`)
  const others = tried.length > named.length ? [`and ${tried.length - named.length} more peers`] : []
  const why = [...named, ...others].join('; ')
  const what =
    failed === 'E_NO_PROVIDER'
      ? 'no peer that could be reached has its bytes'
      : 'peers sent other bytes than the release names'
  const hint =
    failed === 'E_NO_PROVIDER'
      ? 'hanse peer list; a mirror of the publisher keeps its bytes available'
      : 'hanse peer list'
  return new NodeError(failed, `${title}: ${what}${why ? ` (${why})` : ''}`, { hint })
}

/** Pin and audit line of an install. A full disk must not keep bytes that are here from anyone: the next install tries again. */
async function remember(
  node: NodeContext,
  { purl, version, who }: { readonly purl: PackageName; readonly version: string; readonly who: string },
  { pin, publisher }: Extract<RouteAnswer, { to: 'publisher' }>,
): Promise<void> {
  try {
    if (pin) await node.relations.pin(purl, publisher)
    await node.audit.append({ at: Date.now(), who, what: 'install', purl, version, publisher })
  } catch (error) {
    if (!isDiskFull(error)) throw error
  }
}
