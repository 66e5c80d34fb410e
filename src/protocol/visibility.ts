import type { PeerId } from './ids.ts'

/** Who may see a feed: everyone, the peers on its list, or its own publisher's nodes alone. */
export type Visibility = 'public' | 'listed' | 'private'
/** How the feeds that name a thing see it, the most open of them: `unnamed` if no record held here names it. */
export type NamedBy = Visibility | 'unnamed'

/** Something that could leave this node. */
export interface Servable {
  readonly kind: 'record' | 'feed' | 'release' | 'block'
  /** As the feeds that decide about it see it: those of any publisher, but its own alone for what a node released itself. */
  readonly visibility: NamedBy
  /** Peers on the lists of the listed feeds that name it. */
  readonly audience: ReadonlySet<PeerId>
  /** Whether every publisher that names it is blocked here. */
  readonly blocked: boolean
}
export type Asker = { readonly kind: 'local' } | { readonly kind: 'peer'; readonly peer: PeerId }
export type ServeAnswer =
  | { readonly may: true }
  | { readonly may: false; readonly why: Exclude<NamedBy, 'public'> | 'blocked' }

/**
 * The one gate in front of every door: HTTP, feeds, search, content protocol, bitswap (DESIGN section 6).
 * A peer must not be able to tell the refusals apart: callers answer all of them as not found.
 */
export function mayServe(what: Servable, to: Asker): ServeAnswer {
  if (to.kind === 'local') return { may: true }
  if (what.blocked) return { may: false, why: 'blocked' }
  if (what.visibility === 'public') return { may: true }
  if (what.visibility === 'listed' && what.audience.has(to.peer)) return { may: true }
  return { may: false, why: what.visibility }
}
