import { judgeOf } from '../../policy/judge-releases.ts'
import type { NpmAnswer } from './npm-answer.ts'
import type { NpmPackument } from './npm-source.ts'
import type { ReadParts } from './read-operations.ts'
import { noPackage, noVersion, purged, refusedBy } from './read-refusals.ts'
import type { RoutedPackage } from './registry-router.ts'
import { closeBytes, type TarballRequest, tarballAnswer } from './tarball-answer.ts'
import { withheldPickOf } from './withheld-picks.ts'

export interface TarballAsked extends TarballRequest {
  readonly who: string
}
interface Wanted {
  readonly name: string
  readonly version: string
}
/** What an upstream lists, or why it cannot say it now. */
interface Listing {
  readonly versions: NpmPackument['versions']
  readonly failed: unknown
}

/** Sends a version's bytes; the verdict is asked again, because a lock file leads here without a packument. */
export async function serveTarball(
  parts: ReadParts,
  wanted: Wanted,
  request: TarballAsked,
  signal: AbortSignal,
): Promise<NpmAnswer> {
  const { name, version } = wanted
  const routed = parts.router.sourceOf(name)
  const legal = parts.facts.purges.whyNot(routed.package, version)
  if (legal !== null) throw purged(`npm:${name}@${version}`, legal)
  const listing = await listingOf(routed, wanted, signal)
  let { passed } = requireAllowed(parts, routed, listing, wanted, request.who)
  const tarball = await routed.source.tarball(name, version, signal)
  if (tarball === null) throw noVersion(name, version)
  try {
    // A document that was renewed meanwhile may mean other bytes by this version, which are new here.
    const later = await listingOf(routed, wanted, signal)
    if (later.versions !== listing.versions) ({ passed } = requireAllowed(parts, routed, later, wanted, request.who))
  } catch (refusal) {
    await closeBytes(tarball.bytes)
    throw refusal
  }
  await parts.pin(routed)
  const { package: purl, route } = routed
  const released = route.to === 'publisher' ? { publisher: route.publisher } : {}
  const install = { at: parts.now(), who: request.who, purl, version, passed, ...released }
  if (!request.isHead) parts.told.installs.note(install)
  return tarballAnswer(tarball, request)
}

/** @throws NodeError E_POLICY_DENIED; what kept the upstream from saying when it published the version, if that is what denies it */
function requireAllowed(
  { facts, policy, now, told }: ReadParts,
  { package: purl, route }: RoutedPackage,
  { versions, failed }: Listing,
  { name, version }: Wanted,
  who: string,
): { readonly passed: boolean } {
  const at = now()
  const judgement = judgeOf(facts, { package: purl, route, versions }, policy(), at)(version)
  const isAllowed = judgement.enforced.decision === 'allow'
  if (!isAllowed && failed !== null) throw failed
  const pick = withheldPickOf(version, judgement)
  if (pick !== null) told.verdicts.note({ at, who, purl, ...pick })
  if (!isAllowed) throw refusedBy(`npm:${name}@${version}`, judgement.enforced)
  return { passed: judgement.verdict.decision === 'allow' }
}

/** What the upstream lists. A publisher's records are at hand; an upstream that is down may have left the bytes here. */
async function listingOf(routed: RoutedPackage, wanted: Wanted, signal: AbortSignal): Promise<Listing> {
  if (routed.route.to !== 'upstream') return { versions: null, failed: null }
  try {
    return { versions: await versionsOf(routed, wanted, signal), failed: null }
  } catch (failed) {
    const isAnswer = (failed as { code?: unknown } | null)?.code === 'E_NOT_FOUND'
    if (isAnswer || signal.aborted) throw failed
    return { versions: null, failed }
  }
}

async function versionsOf(routed: RoutedPackage, { name, version }: Wanted, signal: AbortSignal) {
  const { source } = routed
  const packument = await source.packument(name, signal)
  if (packument === null) throw noPackage(routed, name)
  if (packument.versions === null || packument.versions.has(version)) return packument.versions
  // Asked for the bytes of a version that it does not list, a source looks again; what it lists then is judged.
  const tarball = await source.tarball(name, version, signal)
  if (tarball === null) throw noVersion(name, version)
  await closeBytes(tarball.bytes)
  return (await source.packument(name, signal))?.versions ?? null
}
