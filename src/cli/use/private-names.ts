/** A client's own age gate would hold what this node's publishers have just released: what it is to let pass. */
export interface PrivateNames {
  /** As clients that know patterns write them: `@acme/*`, `left-pad-internal`. */
  readonly patterns: readonly string[]
  /** Released so far, for clients that know exact names alone. */
  readonly names: readonly string[]
}

/** Patterns written into a project's file; a node that publishes more scopes than this is asked for one by --scope. */
const MAX_PATTERNS = 100

/** Names that come from publishers, never from an upstream: those this node released, and those its routes lead to one. */
export function privateNamesOf(
  released: readonly string[],
  routes: readonly { readonly match: string; readonly to: string }[],
  scope: string | null,
): PrivateNames {
  if (scope !== null) return { patterns: [`${scope}/*`], names: released.filter(name => name.startsWith(`${scope}/`)) }
  const routed = routes
    .filter(({ match, to }) => match.startsWith('npm:') && match !== 'npm:*' && isOfPublisher(to))
    .map(({ match }) => match.slice('npm:'.length))
  const patterns = new Set([...released.map(patternOf), ...routed])
  return { patterns: [...patterns].toSorted().slice(0, MAX_PATTERNS), names: released }
}

/** Whoever owns one name of a scope owns the scope. */
const patternOf = (name: string): string => (name.startsWith('@') ? `${name.slice(0, name.indexOf('/'))}/*` : name)

const isOfPublisher = (target: string): boolean => target !== 'nowhere' && !target.startsWith('upstream/')
