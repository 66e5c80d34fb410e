import { type FactSources, factsRevisionOf } from '../../policy/facts.ts'
import { judgeOf } from '../../policy/judge-releases.ts'
import type { PolicyInForce } from '../../policy/policy-in-force.ts'
import { jsonAnswer, type NpmAnswer } from './npm-answer.ts'
import type { NpmPackument } from './npm-source.ts'
import type { BodyEncoding, PackumentBodies } from './packument-bodies.ts'
import { type PackumentView, packumentViewOf } from './packument-view.ts'
import { noPackage, noVersion, refusedBy } from './read-refusals.ts'
import type { RegistryRouter, RoutedPackage } from './registry-router.ts'
import { serveTarball, type TarballAsked } from './serve-tarball.ts'
import { SHORT_MEDIA_TYPE, shortPackumentOf } from './short-packument.ts'
import type { ToldParts } from './told-parts.ts'
import { type WithheldPick, withheldPickOf } from './withheld-picks.ts'

/** A decision of the operator takes effect with the next request, so nothing is used without asking. */
const REVALIDATE = 'private, no-cache'

export interface ReadParts {
  readonly router: Pick<RegistryRouter, 'sourceOf'>
  readonly facts: FactSources
  readonly bodies: PackumentBodies
  readonly policy: () => Pick<PolicyInForce, 'revision' | 'policy'>
  readonly now: () => number
  /** Remembers which publisher a name came from when it was first installed. */
  readonly pin: (routed: RoutedPackage) => Promise<void>
  readonly told: ToldParts
}

/** How a client asks for a packument. */
export interface PackumentRequest {
  readonly form: 'full' | 'short'
  readonly encoding: BodyEncoding
  readonly base: string
  readonly ifNoneMatch: string | undefined
  readonly who: string
  readonly signal: AbortSignal
}

/** Answers what clients read of packages: packuments, single manifests, tags, tarballs. */
export class ReadOperations {
  readonly #parts: ReadParts

  constructor(parts: ReadParts) {
    this.#parts = parts
  }

  async packument(name: string, request: PackumentRequest): Promise<NpmAnswer> {
    const { bodies, policy, facts, now } = this.#parts
    const { routed, packument } = await this.#find(name, request.signal)
    const { form, encoding, base } = request
    const rules = policy()
    const stamp = `${packument.revision} ${rules.revision} ${factsRevisionOf(facts, routed.package)}`
    const key = { name, sourceKey: routed.sourceKey, form, encoding, base }
    const { bytes, etag, picks } = await bodies.get(key, stamp, now(), () => {
      const { document, ...view } = this.#viewOf(routed, packument, base, rules)
      return { document: form === 'short' ? shortPackumentOf(document) : document, ...view }
    })
    this.#note(picks, routed, request.who)
    const headers = { etag, vary: 'accept, accept-encoding', 'cache-control': REVALIDATE }
    if (isSame(request.ifNoneMatch, etag)) return { status: 304, headers, body: null }
    return {
      status: 200,
      headers: {
        ...headers,
        'content-type': form === 'short' ? SHORT_MEDIA_TYPE : 'application/json; charset=utf-8',
        'content-length': bytes.length,
        ...(encoding === 'gzip' ? { 'content-encoding': 'gzip' } : {}),
      },
      body: bytes,
    }
  }

  /** One version by number or tag, as its manifest alone. */
  async manifest(
    name: string,
    wanted: string,
    { base, who, signal }: Pick<PackumentRequest, 'base' | 'who' | 'signal'>,
  ): Promise<NpmAnswer> {
    const { routed, packument } = await this.#find(name, signal)
    const { document, withheld } = this.#viewOf(routed, packument, base, this.#parts.policy())
    const tags = document['dist-tags']
    const version = Object.hasOwn(tags, wanted) ? (tags[wanted] ?? wanted) : wanted
    const verdict = withheld.get(version)
    if (verdict !== undefined) {
      const pick = withheldPickOf(version, { verdict, enforced: verdict, changesAt: null })
      this.#note(pick === null ? [] : [pick], routed, who)
      throw refusedBy(`npm:${name}@${version}`, verdict)
    }
    if (!Object.hasOwn(document.versions, version)) throw noVersion(name, wanted)
    return jsonAnswer(document.versions[version], 200, { 'cache-control': REVALIDATE })
  }

  async tags(name: string, signal: AbortSignal): Promise<NpmAnswer> {
    const { document } = await this.view(name, '', signal)
    return jsonAnswer(document['dist-tags'], 200, { 'cache-control': REVALIDATE })
  }

  /** What clients may see of a package now. */
  async view(name: string, base: string, signal: AbortSignal): Promise<PackumentView> {
    const { routed, packument } = await this.#find(name, signal)
    return this.#viewOf(routed, packument, base, this.#parts.policy())
  }

  /** A version's bytes. */
  async tarball(name: string, version: string, request: TarballAsked, signal: AbortSignal): Promise<NpmAnswer> {
    return await serveTarball(this.#parts, { name, version }, request, signal)
  }

  async #find(name: string, signal: AbortSignal): Promise<{ routed: RoutedPackage; packument: NpmPackument }> {
    const routed = this.#parts.router.sourceOf(name)
    const packument = await routed.source.packument(name, signal)
    if (packument !== null) return { routed, packument }
    throw noPackage(routed, name)
  }

  #viewOf(
    { package: purl, route }: RoutedPackage,
    { document, versions }: NpmPackument,
    base: string,
    rules: Pick<PolicyInForce, 'policy'>,
  ): PackumentView {
    const { facts, now } = this.#parts
    const judge = judgeOf(facts, { package: purl, route, versions }, rules, now())
    return packumentViewOf({ document, judge, base })
  }

  #note(picks: readonly WithheldPick[], { package: purl }: RoutedPackage, who: string): void {
    const { told, now } = this.#parts
    for (const pick of picks) told.verdicts.note({ at: now(), who, purl, ...pick })
  }
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2): a proxy may have weakened the tag. */
function isSame(header: string | undefined, etag: string): boolean {
  return header?.split(',').some(each => each.trim().replace(/^W\//, '') === etag) === true
}
