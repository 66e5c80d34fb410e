import { NodeError } from '../errors.ts'
import type { Config, RouteSetting } from './schema.ts'

/** Types of which no name has other characters (RFC 3986 section 2.3 and npm's `@`, `/`, `!`, `'`, `(`, `)`). */
const PLAIN_NAMES = /^(npm|pypi|cargo):[\w.~*!'()@/-]*$/
const TYPES_OF_PLAIN_NAMES = /^(npm|pypi|cargo):/

/** Refuses a new pattern that can match no name, such as one with another shell's wildcards. @throws NodeError E_USAGE */
export function requireMatchable(pattern: string): void {
  if (!TYPES_OF_PLAIN_NAMES.test(pattern) || PLAIN_NAMES.test(pattern)) return
  throw new NodeError('E_USAGE', `${JSON.stringify(pattern.slice(0, 80))} matches no name that there can be`, {
    hint: "only * stands for other characters, as in 'npm:@acme/*'",
  })
}

/** The upstream that is there without a line in config.yaml: the registry that this machine's npm is configured with. */
export const MACHINE_UPSTREAM = 'npmjs'

/** Refuses a new route to an upstream that there is not. @throws NodeError E_USAGE */
export function requireUpstream(
  { to }: RouteSetting,
  { upstreams, routes }: Config,
  added: readonly string[] = [],
): void {
  const name = /^upstream\/(.+)$/.exec(to)?.[1]
  const known = [...new Set([MACHINE_UPSTREAM, ...Object.keys(upstreams), ...added])]
  if (name === undefined || known.includes(name) || routes.some(route => route.to === to)) return
  throw new NodeError('E_USAGE', `no upstream is called ${name} here`, {
    hint: `known: ${known.slice(0, 16).join(', ')}; hanse upstream add ${name} URL`,
  })
}
