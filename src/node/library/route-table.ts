import {
  insertRoute,
  isReleased,
  matchesPattern,
  type PackageName,
  type PublisherId,
  parsePattern,
  parseRouteTarget,
  type Route,
  type RouteAnswer,
  type RouteTarget,
  type RouteView,
  resolvePublisher,
  resolveRoute,
  routesBeforeAllowed,
} from '../../protocol/index.ts'
import { addRoute, type RouteSetting, removeRoute } from '../config/index.ts'
import { NodeError } from '../errors.ts'
import type { Library } from './library.ts'
import type { RelationBook } from './relation-book.ts'
import { Turns } from './turns.ts'

export interface RouteTableParts {
  readonly home: string
  readonly settings: readonly RouteSetting[]
  readonly library: Library
  readonly relations: RelationBook
  readonly own: PublisherId
  /** Upstreams that a new route may lead to, beside those of config.yaml. */
  readonly upstreams: () => readonly string[]
}

/** Routes as they are asked, and what they were made of. */
interface ParsedRoutes {
  readonly routes: readonly Route[]
  readonly settings: readonly RouteSetting[]
  readonly names: ReadonlyMap<string, PublisherId>
}

/** The routes of config.yaml, and the one way a name is resolved through them. */
export class RouteTable {
  readonly #parts: RouteTableParts
  #settings: readonly RouteSetting[]
  #known: ParsedRoutes | null = null
  /** A change reads, alters and writes config.yaml: one at a time. */
  readonly #turns = new Turns<'config.yaml'>()

  /** @throws NodeError E_CONFIG with the key of a route whose target nobody here knows. */
  constructor(parts: RouteTableParts) {
    this.#parts = parts
    this.#settings = parts.settings
    for (const [at, setting] of parts.settings.entries()) this.#requireKnown(setting, at)
  }

  /** As config.yaml has them, in order. */
  list(): readonly RouteSetting[] {
    return this.#settings
  }

  /** Where a package comes from; `publisher` skips the table, not the permission. */
  resolve(name: PackageName, publisher?: PublisherId): RouteAnswer {
    const view = this.#view()
    return publisher === undefined ? resolveRoute(name, view) : resolvePublisher(name, publisher, view)
  }

  /** How npm clients' publishes of a package are released where the package itself does not say. */
  publishOf(name: PackageName): 'public' | 'private' {
    const at = this.#parsed().findIndex(({ match }) => matchesPattern(match, name))
    return at < 0 ? 'private' : publishOf(this.#settings[at]!)
  }

  /** Checks that a route could be added. @throws NodeError E_ROUTE_TAKEN, E_USAGE, E_PUBLISHER */
  requireFree(setting: RouteSetting): void {
    const answer = insertRoute(this.#parsed(), this.#parse(setting))
    if (!answer.ok) throw new NodeError(answer.code, answer.why, { hint: answer.hint })
  }

  /** Adds a route before the first that overlaps it. @throws NodeError E_ROUTE_TAKEN, E_USAGE, E_PUBLISHER */
  add(setting: RouteSetting): Promise<void> {
    return this.#turns.run('config.yaml', () => this.#add(setting))
  }

  /** @throws NodeError E_NOT_FOUND */
  remove(match: string): Promise<void> {
    return this.#turns.run('config.yaml', () => this.#remove(match))
  }

  /** Patterns that lead to a publisher. */
  to(publisher: PublisherId): readonly string[] {
    return this.#parsed().flatMap(({ match, target }) =>
      target.to === 'publisher' && target.publisher === publisher ? [match] : [],
    )
  }

  /** Takes out the routes to a publisher; with patterns, those alone. */
  removeTo(publisher: PublisherId, patterns: readonly string[]): Promise<void> {
    return this.#turns.run('config.yaml', async () => {
      for (const match of this.to(publisher)) {
        if (patterns.length === 0 || patterns.includes(match)) await this.#remove(match)
      }
    })
  }

  /** Routes that keep names from a publisher that joins the allowed set. */
  before(publisher: PublisherId): readonly string[] {
    return routesBeforeAllowed(this.#parsed(), publisher).map(route => route.match)
  }

  async #add(setting: RouteSetting): Promise<void> {
    const route = this.#parse(setting)
    const answer = insertRoute(this.#parsed(), route)
    if (!answer.ok) throw new NodeError(answer.code, answer.why, { hint: answer.hint })
    const at = answer.routes.indexOf(route)
    const known = this.#settings.find(({ match }) => match === setting.match)
    if (known !== undefined && known.publish !== setting.publish) {
      throw new NodeError(
        'E_ROUTE_TAKEN',
        `${setting.match} leads to ${setting.to} and publishes ${publishOf(known)}`,
        {
          hint: `hanse route remove '${setting.match}'`,
        },
      )
    }
    if (at >= 0) this.#settings = await addRoute(this.#parts.home, setting, at, this.#parts.upstreams())
  }

  async #remove(match: string): Promise<void> {
    if (!(await removeRoute(this.#parts.home, match))) {
      throw new NodeError('E_NOT_FOUND', `no route has the pattern ${match}`, { hint: 'hanse route list' })
    }
    this.#settings = this.#settings.filter(route => route.match !== match)
  }

  #view(): RouteView {
    const { library, relations, own } = this.#parts
    return {
      routes: this.#parsed(),
      own,
      isOwn: name => isReleased(library.package(own, name)),
      relationOf: publisher => relations.relationOf(publisher),
      publishersOf: name => library.publishersOf(name),
      pinOf: name => relations.pinOf(name),
      nameOf: publisher => relations.nameOf(publisher),
    }
  }

  /** Parsed anew only after a route or a publisher's name changed: every hit of a search is resolved. */
  #parsed(): readonly Route[] {
    const settings = this.#settings
    const names = this.#parts.relations.names()
    if (this.#known?.settings !== settings || this.#known.names !== names) {
      this.#known = { settings, names, routes: settings.map(setting => this.#parse(setting)) }
    }
    return this.#known.routes
  }

  #requireKnown(setting: RouteSetting, at: number): void {
    try {
      this.#parse(setting)
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : ''
      throw new NodeError('E_CONFIG', `routes.${at}: ${why}`, { cause, hint: 'correct it in config.yaml' })
    }
  }

  #parse({ match, to }: RouteSetting): Route {
    const pattern = parsePattern(match)
    const target = parseRouteTarget(to)
    if (!pattern.ok || target === null) {
      throw new NodeError('E_USAGE', `${match} → ${to} is not a route`, {
        hint: "hanse route add 'npm:@acme/*' PUBLISHER",
      })
    }
    const resolved: RouteTarget =
      target.to === 'publisher' ? { to: 'publisher', publisher: this.#parts.relations.resolve(target.name) } : target
    return { match: pattern.value, target: resolved }
  }
}

const publishOf = ({ publish = 'private' }: RouteSetting): 'public' | 'private' => publish
