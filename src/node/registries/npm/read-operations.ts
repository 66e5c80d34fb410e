import { shortNameOf } from '../../../protocol/index.ts'
import { NodeError } from '../../errors.ts'
import { jsonAnswer, type NpmAnswer } from './npm-answer.ts'
import { expiryOf, judgeOf, type PolicyInForce } from './npm-judge.ts'
import type { NpmPackument } from './npm-source.ts'
import type { BodyEncoding, PackumentBodies } from './packument-bodies.ts'
import { type PackumentView, packumentViewOf, refusalTextOf } from './packument-view.ts'
import type { RegistryRouter, RoutedPackage } from './registry-router.ts'
import { SHORT_MEDIA_TYPE, shortPackumentOf } from './short-packument.ts'
import { type TarballRequest, tarballAnswer } from './tarball-answer.ts'

/** A decision of the operator takes effect with the next request, so nothing is used without asking. */
const REVALIDATE = 'private, no-cache'

export interface ReadParts {
  readonly router: Pick<RegistryRouter, 'sourceOf'>
  readonly library: Parameters<typeof judgeOf>[0]
  readonly bodies: PackumentBodies
  readonly policy: () => PolicyInForce
  readonly now: () => number
  /** Remembers which publisher a name came from when it was first installed. */
  readonly pin: (routed: RoutedPackage) => Promise<void>
}

/** How a client asks for a packument. */
export interface PackumentRequest {
  readonly form: 'full' | 'short'
  readonly encoding: BodyEncoding
  readonly base: string
  readonly ifNoneMatch: string | undefined
  readonly signal: AbortSignal
}

/** Answers what clients read of packages: packuments, single manifests, tags, tarballs. */
export class ReadOperations {
  readonly #parts: ReadParts

  constructor(parts: ReadParts) {
    this.#parts = parts
  }

  async packument(name: string, request: PackumentRequest): Promise<NpmAnswer> {
    const { bodies, policy, now } = this.#parts
    const { routed, packument } = await this.#find(name, request.signal)
    const { form, encoding, base } = request
    const rules = policy()
    const stamp = `${packument.revision} ${rules.revision}`
    const { bytes, etag } = await bodies.get(
      { name, sourceKey: routed.sourceKey, form, encoding, base },
      stamp,
      now(),
      () => {
        const view = this.#viewOf(routed, packument, base, rules)
        return { document: form === 'short' ? shortPackumentOf(view.document) : view.document, until: view.until }
      },
    )
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
  async manifest(name: string, wanted: string, base: string, signal: AbortSignal): Promise<NpmAnswer> {
    const { document, withheld } = await this.view(name, base, signal)
    const tags = document['dist-tags']
    const version = Object.hasOwn(tags, wanted) ? (tags[wanted] ?? wanted) : wanted
    const verdict = withheld.get(version)
    if (verdict !== undefined) throw denied(`npm:${name}@${version}`, refusalTextOf(verdict))
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

  /** A version's bytes; the verdict is asked again, because a lock file leads here without a packument. */
  async tarball(name: string, version: string, request: TarballRequest, signal: AbortSignal): Promise<NpmAnswer> {
    const { library, policy, now, pin } = this.#parts
    const routed = this.#parts.router.sourceOf(name)
    const verdict = judgeOf(library, routed.package, routed.route, policy(), now())(version)
    if (verdict.decision !== 'allow') throw denied(`npm:${name}@${version}`, refusalTextOf(verdict))
    const tarball = await routed.source.tarball(name, version, signal)
    if (tarball === null) throw noVersion(name, version)
    await pin(routed)
    return tarballAnswer(tarball, request)
  }

  async #find(name: string, signal: AbortSignal): Promise<{ routed: RoutedPackage; packument: NpmPackument }> {
    const routed = this.#parts.router.sourceOf(name)
    const packument = await routed.source.packument(name, signal)
    if (packument !== null) return { routed, packument }
    throw new NodeError('E_NOT_FOUND', `${shortNameOf(routed.package)} is not at ${routed.sourceKey}`, {
      hint: `hanse why npm:${name}`,
    })
  }

  #viewOf(routed: RoutedPackage, { document }: NpmPackument, base: string, rules: PolicyInForce): PackumentView {
    const { library, now } = this.#parts
    const at = now()
    const judge = judgeOf(library, routed.package, routed.route, rules, at)
    const expiresOf = expiryOf(library, routed.package, routed.route, at)
    return packumentViewOf({ document, judge, expiresOf, base })
  }
}

/** If-None-Match compares weakly (RFC 9110, 13.1.2): a proxy may have weakened the tag. */
function isSame(header: string | undefined, etag: string): boolean {
  return header?.split(',').some(each => each.trim().replace(/^W\//, '') === etag) === true
}

const denied = (what: string, why: string) =>
  new NodeError('E_POLICY_DENIED', `${what} ${why}`, { hint: `hanse why ${what}` })

const noVersion = (name: string, wanted: string) =>
  new NodeError('E_NOT_FOUND', `npm:${name} has no version or tag ${wanted.slice(0, 80)}`, {
    hint: `hanse info npm:${name}`,
  })
