import {
  isReleased,
  type PackageName,
  type PublisherId,
  type RouteAnswer,
  shortNameOf,
} from '../../../protocol/index.ts'
import { NodeError } from '../../errors.ts'
import type { NodeContext } from '../../node-context.ts'
import { npmPackageOf } from './npm-package.ts'
import type { NpmSource } from './npm-source.ts'
import { PublisherSource } from './publisher-source.ts'

/** The one source that answers for a name. */
export interface RoutedPackage {
  readonly package: PackageName
  readonly source: NpmSource
  /** Tells sources apart in stored bodies. */
  readonly sourceKey: string
  readonly route: Exclude<RouteAnswer, { readonly to: 'refused' }>
}

export type RouterParts = Pick<NodeContext, 'routes' | 'library' | 'artifacts' | 'fetcher' | 'parseStored' | 'writer'>

/** Registries that routes name `upstream/NAME`, as they are now. */
export interface Upstreams {
  get(name: string): NpmSource | undefined
}

/** Says which source answers for a name: the routes alone decide, and no other source is ever asked. */
export class RegistryRouter {
  readonly #parts: RouterParts
  readonly #upstreams: Upstreams
  readonly #publishers = new Map<PublisherId, PublisherSource>()

  constructor(parts: RouterParts, upstreams: Upstreams) {
    this.#parts = parts
    this.#upstreams = upstreams
  }

  /** @throws NodeError E_PURL, E_NOT_FOUND, E_NO_ROUTE, E_AMBIGUOUS, with the command that changes it. */
  sourceOf(name: string): RoutedPackage {
    const purl = npmPackageOf(name)
    if (purl === null) throw new NodeError('E_PURL', `${name.slice(0, 80)} is no npm name`)
    const route = this.#parts.routes.resolve(purl)
    if (route.to === 'refused') throw refusalOf(purl, route)
    if (route.to === 'upstream') return this.#upstreamOf(purl, route)
    return { package: purl, source: this.#publisherOf(route.publisher), sourceKey: route.publisher, route }
  }

  /** Whether this node's own publisher has released the name. */
  isOwn(name: string): boolean {
    const purl = npmPackageOf(name)
    return purl !== null && isReleased(this.#parts.library.package(this.#parts.writer.publisher, purl))
  }

  #upstreamOf(purl: PackageName, route: Extract<RouteAnswer, { to: 'upstream' }>): RoutedPackage {
    const source = this.#upstreams.get(route.name)
    if (source !== undefined) return { package: purl, source, sourceKey: `upstream/${route.name}`, route }
    throw new NodeError('E_NO_ROUTE', `${shortNameOf(purl)} is routed to upstream/${route.name}, which is not set up`, {
      hint: `hanse upstream add ${route.name} URL`,
    })
  }

  #publisherOf(publisher: PublisherId): PublisherSource {
    const known = this.#publishers.get(publisher) ?? new PublisherSource(this.#parts, publisher)
    this.#publishers.set(publisher, known)
    return known
  }
}

/** A name that nobody known here has is not found; one that somebody has is forbidden until the operator decides. */
function refusalOf(purl: PackageName, route: Extract<RouteAnswer, { to: 'refused' }>): NodeError {
  const name = shortNameOf(purl)
  const isUnknown = route.refused === 'E_NO_ROUTE' && route.seen.length === 0
  const code = isUnknown ? 'E_NOT_FOUND' : route.refused === 'nowhere' ? 'E_NO_ROUTE' : route.refused
  return new NodeError(code, `${name}: ${route.why}`, { hint: route.hint ?? `hanse why ${name}` })
}
