import type { PackageName, PublisherId } from './ids.ts'
import type { Pattern } from './pattern.ts'
import { matchesText, patternsOverlap } from './pattern.ts'
import { shortNameOf } from './purl.ts'
import type { Relation } from './relation.ts'
import { isAllowed } from './relation.ts'

/** Where a name is resolved. */
export type RouteTarget =
  | { readonly to: 'publisher'; readonly publisher: PublisherId }
  | { readonly to: 'upstream'; readonly name: string }
  | { readonly to: 'allowed' }
  | { readonly to: 'nowhere' }
export interface Route {
  readonly match: Pattern
  readonly target: RouteTarget
}

/** What resolving a name asks of the node. */
export interface RouteView {
  /** In order: the first that matches decides, there is no fall-through. */
  readonly routes: readonly Route[]
  /** The node's own publisher and whether it released this package itself. */
  readonly own: PublisherId | null
  readonly isOwn: (packageName: PackageName) => boolean
  readonly relationOf: (publisher: PublisherId) => Relation
  /** Known publishers with a live release of the package. */
  readonly publishersOf: (packageName: PackageName) => readonly PublisherId[]
  /** The publisher that `allowed` meant when the package was first installed here. */
  readonly pinOf: (packageName: PackageName) => PublisherId | null
  /** What people here call a publisher: a name or its id. */
  readonly nameOf: (publisher: PublisherId) => string
}

export type RouteAnswer =
  /** `pin`: remember this publisher for the package when the install succeeds. */
  | { readonly to: 'publisher'; readonly publisher: PublisherId; readonly route: Route | null; readonly pin: boolean }
  | { readonly to: 'upstream'; readonly name: string; readonly route: Route }
  | {
      readonly to: 'refused'
      readonly refused: 'E_NO_ROUTE' | 'E_AMBIGUOUS' | 'nowhere'
      readonly why: string
      /** Commands that would change it, one a line, each to be pasted as it is; null when none is known. */
      readonly hint: string | null
      /** Publishers seen with a live release of it, blocked ones left out. */
      readonly seen: readonly PublisherId[]
    }

/** The one answer to where a package comes from, for the CLI and every front (specification section 9.2). */
export function resolveRoute(packageName: PackageName, view: RouteView): RouteAnswer {
  if (view.own !== null && view.isOwn(packageName)) return toPublisher(view.own, null)
  const shortName = shortNameOf(packageName)
  const route = view.routes.find(each => matchesText(each.match, shortName))
  if (route === undefined) return refuse('E_NO_ROUTE', 'no route matches', packageName, view)
  const { target } = route
  switch (target.to) {
    case 'nowhere':
      return refuse('nowhere', `route ${route.match} leads nowhere`, packageName, view, route)
    case 'upstream':
      return { to: 'upstream', name: target.name, route }
    case 'publisher':
      return resolvePublisher(packageName, target.publisher, view, route)
    case 'allowed':
      return resolveAllowed(packageName, view, route)
  }
}

/** `install PURL --publisher P`: skips the table, not the permission. */
export function resolvePublisher(
  packageName: PackageName,
  publisher: PublisherId,
  view: RouteView,
  route: Route | null = null,
): RouteAnswer {
  if (publisher === view.own || isAllowed(view.relationOf(publisher), packageName)) return toPublisher(publisher, route)
  const name = view.nameOf(publisher)
  const isBlocked = view.relationOf(publisher).block
  const why = isBlocked ? `${name} is blocked here` : `nobody here allowed ${name} for this name`
  return { ...refuse('E_NO_ROUTE', why, packageName, view), hint: sourceLineOf(publisher, packageName, view) }
}

/** The members of the allowed set that have it: one is the answer, two are an error, never a race. */
function resolveAllowed(packageName: PackageName, view: RouteView, route: Route): RouteAnswer {
  const isMember = (id: PublisherId): boolean => {
    const relation = view.relationOf(id)
    return !relation.block && relation.allow === 'any'
  }
  const members = view.publishersOf(packageName).filter(isMember)
  const pin = view.pinOf(packageName)
  if (pin !== null) {
    if (members.includes(pin)) return toPublisher(pin, route)
    const why = `pinned to ${view.nameOf(pin)}, which is not allowed any more or has no live release`
    const refusal = refuse('E_NO_ROUTE', why, packageName, view, route)
    return { ...refusal, hint: refusal.hint ?? (view.relationOf(pin).block ? followLineOf(pin, view) : null) }
  }
  const [only, second] = members
  if (only === undefined) return refuse('E_NO_ROUTE', 'no allowed publisher has it', packageName, view, route)
  if (second === undefined) return { to: 'publisher', publisher: only, route, pin: true }
  const names = members.map(view.nameOf).join(', ')
  const refusal = refuse('E_AMBIGUOUS', `${members.length} allowed publishers have it: ${names}`, packageName, view)
  return { ...refusal, hint: sourceLinesOf(members, packageName, view, route) }
}

const toPublisher = (publisher: PublisherId, route: Route | null): RouteAnswer => ({
  to: 'publisher',
  publisher,
  route,
  pin: false,
})

type Refusal = Extract<RouteAnswer, { readonly to: 'refused' }>
function refuse(
  refused: Refusal['refused'],
  why: string,
  packageName: PackageName,
  view: RouteView,
  route: Route | null = null,
): Refusal {
  const seen = view.publishersOf(packageName).filter(id => !view.relationOf(id).block)
  return { to: 'refused', refused, why, hint: sourceLinesOf(seen, packageName, view, route), seen }
}

/** Publishers that one hint names: anybody may release a name, and nobody reads a hundred lines. */
const MAX_HINTED_PUBLISHERS = 8

/**
 * The commands of which each makes one of the publishers the source of a name, one a line: it is not chosen here. A
 * route for exactly this name stands in their way and goes first.
 */
export function sourceLinesOf(
  publishers: readonly PublisherId[],
  packageName: PackageName,
  view: Pick<RouteView, 'relationOf' | 'nameOf'>,
  route: Route | null = null,
): string | null {
  const isInTheWay = route !== null && route.match === shortNameOf(packageName)
  if (isInTheWay && (publishers.length > 0 || route.target.to === 'nowhere')) return removeLineOf(route)
  if (publishers.length === 0) return null
  const hinted = publishers.slice(0, MAX_HINTED_PUBLISHERS)
  return hinted.map(id => sourceLineOf(id, packageName, view)).join('\n')
}

/** A publisher that is allowed already needs a route; one that is not gets both by its permission. */
function sourceLineOf(
  publisher: PublisherId,
  packageName: PackageName,
  view: Pick<RouteView, 'relationOf' | 'nameOf'>,
): string {
  const relation = view.relationOf(publisher)
  if (relation.block) return followLineOf(publisher, view)
  const name = view.nameOf(publisher)
  const pattern = quoted(shortNameOf(packageName))
  return isAllowed(relation, packageName) ? `hanse route add ${pattern} ${name}` : `hanse allow ${name} ${pattern}`
}

/** Lifts a block. */
const followLineOf = (publisher: PublisherId, view: Pick<RouteView, 'nameOf'>): string =>
  `hanse follow ${view.nameOf(publisher)}`

const removeLineOf = (route: Route): string => `hanse route remove ${quoted(route.match)}`

/** One word for a shell, whatever is in it. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Whether two targets are one. */
function isSameTarget(a: RouteTarget, b: RouteTarget): boolean {
  if (a.to === 'publisher') return b.to === 'publisher' && a.publisher === b.publisher
  if (a.to === 'upstream') return b.to === 'upstream' && a.name === b.name
  return a.to === b.to
}

export type RouteInsertion =
  /** `shadows`: later routes that lose names to the new one. */
  | { readonly ok: true; readonly routes: readonly Route[]; readonly shadows: readonly Route[] }
  | {
      readonly ok: false
      readonly code: 'E_ROUTE_TAKEN'
      readonly why: string
      readonly hint: string
      readonly taken: Route
    }

/** Puts a route before the first that overlaps it, at the end if none does; the same one twice changes nothing. */
export function insertRoute(routes: readonly Route[], route: Route): RouteInsertion {
  const taken = routes.find(each => each.match === route.match)
  if (taken !== undefined) {
    if (isSameTarget(taken.target, route.target)) return { ok: true, routes, shadows: [] }
    const why = `${route.match} has another target`
    return { ok: false, code: 'E_ROUTE_TAKEN', why, hint: removeLineOf(taken), taken }
  }
  const at = routes.findIndex(each => patternsOverlap(each.match, route.match))
  if (at < 0) return { ok: true, routes: [...routes, route], shadows: [] }
  const shadows = routes.slice(at).filter(each => patternsOverlap(each.match, route.match))
  return { ok: true, routes: [...routes.slice(0, at), route, ...routes.slice(at)], shadows }
}

/** The routes without those to a publisher; with patterns, without those alone. */
export function withoutRoutesTo(
  routes: readonly Route[],
  publisher: PublisherId,
  patterns: readonly Pattern[] = [],
): readonly Route[] {
  const isGone = ({ match, target }: Route): boolean =>
    target.to === 'publisher' && target.publisher === publisher && (patterns.length === 0 || patterns.includes(match))
  return routes.filter(route => !isGone(route))
}

/** Routes that stand before the allowed set and so keep names from a publisher that joins it. */
export function routesBeforeAllowed(routes: readonly Route[], publisher: PublisherId): readonly Route[] {
  const last = routes.findLastIndex(route => route.target.to === 'allowed')
  const before = last < 0 ? routes : routes.slice(0, last)
  return before.filter(({ target }) => !isSameTarget(target, { to: 'publisher', publisher }) && target.to !== 'allowed')
}

/** The table a new node starts with; a company's npm names come from npmjs. */
export function defaultRoutes(profile: 'company' | 'mirror' | 'publisher'): readonly Route[] {
  const allowed: Route = { match: '*' as Pattern, target: { to: 'allowed' } }
  if (profile !== 'company') return [allowed]
  return [{ match: 'npm:*' as Pattern, target: { to: 'upstream', name: 'npmjs' } }, allowed]
}

/** A target as the configuration has it; a publisher is left as the operator wrote it: name, domain or id. */
export type RouteTargetText =
  | Exclude<RouteTarget, { readonly to: 'publisher' }>
  | { readonly to: 'publisher'; readonly name: string }

/** Reads `allowed`, `nowhere`, `upstream/NAME` or a publisher; null for anything else. */
export function parseRouteTarget(text: string): RouteTargetText | null {
  if (text === 'allowed' || text === 'nowhere') return { to: text }
  const upstream = /^upstream\/([a-z][a-z0-9-]{0,63})$/.exec(text)?.[1]
  if (upstream !== undefined) return { to: 'upstream', name: upstream }
  return /^[a-z][a-z0-9.-]{0,252}$/.test(text) ? { to: 'publisher', name: text } : null
}
