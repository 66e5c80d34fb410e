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

/** Refuses a new route to an upstream that config.yaml has not. @throws NodeError E_USAGE */
export function requireUpstream({ to }: RouteSetting, { upstreams, routes }: Config, path: string): void {
  const name = /^upstream\/(.+)$/.exec(to)?.[1]
  if (name === undefined || Object.hasOwn(upstreams, name) || routes.some(route => route.to === to)) return
  const known = Object.keys(upstreams)
  throw new NodeError('E_USAGE', `no upstream is called ${name} here`, {
    hint:
      known.length > 0 ? `known: ${known.join(', ')}` : `name it under upstreams in ${path} and start the node again`,
  })
}
