import type { Pattern, Relation } from '../../protocol/index.ts'
import { NodeError } from '../errors.ts'
import type { RelationChange } from '../http/services.ts'

/** Patterns that one refusal names. */
const MAX_NAMED_PATTERNS = 16
const EXAMPLE = 'npm:@acme/*'

/**
 * Refuses to take back a permission that was never given while another stands: what was mistyped would stay allowed unnoticed.
 * Nothing allowed at all is what was asked for, and a route to an allowed publisher is taken out. @throws NodeError E_NOT_FOUND
 */
export function requireAllowed(
  { allow }: Relation,
  patterns: readonly Pattern[],
  routed: readonly string[],
  name: string,
): void {
  if (allow === 'none') return
  const known = allow === 'any' ? routed : allow
  const unknown = patterns.find(pattern => !known.includes(pattern))
  if (unknown === undefined) return
  if (allow === 'any') {
    throw new NodeError('E_NOT_FOUND', `every name of ${name} is allowed, and ${unknown} is no permission of its own`, {
      hint: `hanse disallow ${name}`,
    })
  }
  const named = allow.slice(0, MAX_NAMED_PATTERNS).map(pattern => `'${pattern}'`)
  const more = allow.length > named.length ? ` and ${allow.length - named.length} more` : ''
  throw new NodeError('E_NOT_FOUND', `${unknown} is not allowed from ${name}: allowed are ${named.join(', ')}${more}`, {
    hint: `hanse disallow ${name} ${named[0]}`,
  })
}

/** What the answer to a change alone does not show: that nothing changed, or that every name is meant; null: nothing. */
export function relationNoteOf(change: RelationChange, before: Relation, name: string): string | null {
  switch (change.action) {
    case 'unfollow':
      return before.follow ? null : `${name} was not followed`
    case 'unmirror':
      return before.mirror ? null : `${name} was not mirrored`
    case 'allow':
      return allowNoteOf(change, before, name)
    case 'disallow':
      return disallowNoteOf(change, before, name)
    default:
      return null
  }
}

function allowNoteOf({ for: purpose, patterns: [some] }: RelationChange, { allow }: Relation, name: string) {
  if (purpose === 'origin' || (some !== undefined && allow !== 'any')) return null
  const narrower = `for some alone: hanse disallow ${name}, then hanse allow ${name} '${some ?? EXAMPLE}'`
  return `every name of ${name} is allowed${some === undefined ? '' : ' already'}; ${narrower}`
}

function disallowNoteOf({ for: purpose, patterns }: RelationChange, { allow, origin }: Relation, name: string) {
  if (purpose === 'origin') return origin ? null : `${name} was not allowed for origin`
  if (allow === 'none') return `no name of ${name} was allowed`
  return allow === 'any' && patterns.length > 0 ? `every name of ${name} stays allowed` : null
}
