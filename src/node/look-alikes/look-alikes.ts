import {
  type LookAlike,
  matchesPattern,
  type PackageName,
  type PublisherId,
  type Relation,
  type TrustedNames,
} from '../../protocol/index.ts'
import type { Library } from '../library/library.ts'
import type { RelationBook } from '../library/relation-book.ts'
import type { RouteTable } from '../library/route-table.ts'
import { MAX_NAMES_HERE } from './limits.ts'
import { type NameLists, trustedOf, typedNameOfPackage } from './name-lists.ts'

export interface LookAlikesParts {
  readonly mostUsed: NameLists
  /** Installed through this node before it started. */
  readonly installed: NameLists
  readonly library: Pick<Library, 'catalogue' | 'onChange'>
  readonly relations: Pick<RelationBook, 'known' | 'relationOf'>
  readonly routes: Pick<RouteTable, 'list'>
  readonly own: PublisherId
}

/**
 * Says which names may be mistaken for one that this node trusts: its own, those that routes or allowed publishers bring,
 * the most used, and those installed before. A name that is trusted itself is never one: two that are equally well known stand
 * beside each other.
 */
export class LookAlikes implements Disposable {
  readonly #parts: LookAlikesParts
  readonly #stop: () => void
  #here = new Map<string, TrustedNames>()
  /** What `#here` was made of; null: not yet. */
  #relations: ReadonlyMap<PublisherId, Relation> | null = null
  #routes: readonly { readonly match: string }[] = []

  constructor(parts: LookAlikesParts) {
    this.#parts = parts
    this.#stop = parts.library.onChange((_records, touched) => {
      if (this.#relations === null) return
      for (const { publisher, package: name } of touched) this.#take(publisher, name)
    })
  }

  /** What a package's name may be mistaken for; null: nothing. */
  of(name: PackageName): LookAlike | null {
    this.#settle()
    const { type, name: text } = typedNameOfPackage(name)
    const { mostUsed, installed } = this.#parts
    const [here, used, before] = [this.#here, mostUsed.byType, installed.byType].map(lists => lists.get(type))
    if (here?.has(text) || used?.has(text)) return null
    return here?.lookAlikeOf(text) ?? used?.lookAlikeOf(text) ?? before?.lookAlikeOf(text) ?? null
  }

  [Symbol.dispose](): void {
    this.#stop()
  }

  /** Makes the names anew when the operator's decisions are others than those they were made of. */
  #settle(): void {
    const { relations, routes } = this.#parts
    const known = relations.known()
    const before = this.#relations
    const isSame =
      before !== null &&
      before.size === known.length &&
      known.every(id => before.get(id) === relations.relationOf(id)) &&
      this.#routes === routes.list()
    if (isSame) return
    this.#here = new Map()
    this.#relations = new Map(known.map(id => [id, relations.relationOf(id)]))
    this.#routes = routes.list()
    this.#takeRoutes()
    this.#takePublishers()
  }

  /** Routes of one name or one scope: `npm:@acme/*` brings all that is in the scope. */
  #takeRoutes(): void {
    for (const { match } of this.#routes) {
      const [, type = '', scope] = /^([a-z][a-z0-9.-]*):(@[^/*]+)\/\*$/.exec(match) ?? []
      if (scope !== undefined) {
        trustedOf(this.#here, type).addScope(scope)
        continue
      }
      const [, of = '', name] = /^([a-z][a-z0-9.-]*):([^*]+)$/.exec(match) ?? []
      if (name !== undefined) this.#add(of, name)
    }
  }

  #takePublishers(): void {
    const { library, own } = this.#parts
    for (const publisher of [own, ...(this.#relations?.keys() ?? [])]) {
      for (const name of library.catalogue.publisher(publisher)?.packages.keys() ?? []) this.#take(publisher, name)
    }
  }

  #take(publisher: PublisherId, name: PackageName): void {
    if (!this.#isTrusted(publisher, name)) return
    const { type, name: text } = typedNameOfPackage(name)
    this.#add(type, text)
  }

  #isTrusted(publisher: PublisherId, name: PackageName): boolean {
    if (publisher === this.#parts.own) return true
    const { allow = 'none', block = false } = this.#relations?.get(publisher) ?? {}
    if (block || allow === 'none') return false
    return allow === 'any' || allow.some(pattern => matchesPattern(pattern, name))
  }

  #add(type: string, name: string): void {
    const names = trustedOf(this.#here, type)
    if (names.hasName(name) || names.size >= MAX_NAMES_HERE) return
    names.add([name])
  }
}
