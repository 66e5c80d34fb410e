import type { PackageName } from './ids.ts'
import type { Pattern } from './pattern.ts'
import { matchesText } from './pattern.ts'
import { shortNameOf } from './purl.ts'

/** What this node may install from a publisher: nothing, any name a route leads there, or named patterns. */
export type Allowance = 'none' | 'any' | readonly Pattern[]

/** A node's relation to a publisher (specification section 9.1); allow, origin and mirror each imply follow, not each other. */
export interface Relation {
  readonly follow: boolean
  readonly allow: Allowance
  /** Whether its word counts for what upstreams serve: bytes and, where the upstream is silent, documents (section 9.4). */
  readonly origin: boolean
  readonly mirror: boolean
  /** Of a mirrored publisher: copies, other nodes' among them, beyond which nothing is fetched; absent: everything is kept. */
  readonly copies?: number
  readonly block: boolean
}
export const NO_RELATION: Relation = { follow: false, allow: 'none', origin: false, mirror: false, block: false }

export type RelationChange =
  | { readonly do: 'follow' | 'unfollow' | 'unmirror' | 'block' }
  /** Without `copies` what was wanted before still is; `all`: everything is kept. */
  | { readonly do: 'mirror'; readonly copies?: number | 'all' }
  | { readonly do: 'allow-origin' | 'disallow-origin' }
  /** No patterns: the publisher joins the set that `allowed` means; or leaves it with all its patterns. */
  | { readonly do: 'allow' | 'disallow'; readonly patterns: readonly Pattern[] }
export type RelationAnswer =
  | { readonly ok: true; readonly relation: Relation }
  | { readonly ok: false; readonly code: 'E_RELATION'; readonly why: string; readonly hint: string }

/** The relation after an operator's command; `name` is what hints call the publisher. */
export function changeRelation(relation: Relation, change: RelationChange, name: string): RelationAnswer {
  switch (change.do) {
    case 'follow':
      return changed({ ...relation, follow: true, block: false })
    case 'block':
      return changed({ ...NO_RELATION, block: true })
    case 'unfollow':
      return unfollow(relation, name)
    case 'mirror':
      return relation.block ? blocked(name) : changed(mirror(relation, change.copies))
    case 'unmirror':
      return changed({ ...withoutCopies(relation), mirror: false })
    case 'allow-origin':
      return relation.block ? blocked(name) : changed({ ...relation, follow: true, origin: true })
    case 'disallow-origin':
      return changed({ ...relation, origin: false })
    case 'allow':
      return relation.block ? blocked(name) : changed(allow(relation, change.patterns))
    case 'disallow':
      return changed({ ...relation, allow: without(relation.allow, change.patterns) })
  }
}

/** Whether an allowance covers a package, before any question of routes. */
export function isAllowed(relation: Relation, packageName: PackageName): boolean {
  if (relation.block || relation.allow === 'none') return false
  if (relation.allow === 'any') return true
  const shortName = shortNameOf(packageName)
  return relation.allow.some(pattern => matchesText(pattern, shortName))
}

/** One word or two for people and JSON: `none`, `follow`, `allow`, `origin`, `mirror`, `allow+origin+mirror`, `block`. */
export function relationText(relation: Relation): string {
  if (relation.block) return 'block'
  const words = [
    ...(relation.allow === 'none' ? [] : ['allow']),
    ...(relation.origin ? ['origin'] : []),
    ...(relation.mirror ? ['mirror'] : []),
  ]
  if (words.length > 0) return words.join('+')
  return relation.follow ? 'follow' : 'none'
}

const changed = (relation: Relation): RelationAnswer => ({ ok: true, relation })
const refused = (why: string, hint: string): RelationAnswer => ({ ok: false, code: 'E_RELATION', why, hint })
const blocked = (name: string): RelationAnswer => refused(`${name} is blocked`, `hanse follow ${name}`)

function unfollow(relation: Relation, name: string): RelationAnswer {
  if (relation.allow !== 'none') return refused(`${name} is allowed, which needs its records`, `hanse disallow ${name}`)
  if (relation.origin) {
    return refused(`${name} is allowed for origin, which needs its records`, `hanse disallow ${name} --for origin`)
  }
  if (relation.mirror) return refused(`${name} is mirrored, which needs its records`, `hanse unmirror ${name}`)
  return changed({ ...relation, follow: false })
}

/** More permission never takes some away: patterns beside `any` change nothing here, their routes stand anyway. */
function allow(relation: Relation, patterns: readonly Pattern[]): Relation {
  const before = relation.allow
  if (patterns.length === 0 || before === 'any') return { ...relation, follow: true, allow: 'any' }
  return { ...relation, follow: true, allow: [...new Set([...(before === 'none' ? [] : before), ...patterns])] }
}

function mirror(relation: Relation, copies: number | 'all' = relation.copies ?? 'all'): Relation {
  const mirrored = { ...withoutCopies(relation), follow: true, mirror: true }
  return copies === 'all' ? mirrored : { ...mirrored, copies }
}

function withoutCopies({ copies: _, ...relation }: Relation): Relation {
  return relation
}

function without(allowance: Allowance, patterns: readonly Pattern[]): Allowance {
  if (patterns.length === 0 || allowance === 'none') return 'none'
  if (allowance === 'any') return 'any'
  const left = allowance.filter(pattern => !patterns.includes(pattern))
  return left.length === 0 ? 'none' : left
}
