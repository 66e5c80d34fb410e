import { requireMatchable } from '../config/index.ts'
import { parsePatterns } from '../library/relation-book.ts'
import type { NodeContext } from '../node-context.ts'
import { dayTextOf, lifeMsOf, type Scope, type Token } from '../tokens/index.ts'

type TokenHome = Pick<NodeContext, 'tokens' | 'audit'>

/** A token as it is asked for. */
export interface TokenRequest {
  readonly name: string
  readonly scope: Scope
  /** Patterns of what it may publish, none: every name. */
  readonly names: readonly string[]
  /** `90d`; absent: it does not expire. */
  readonly expires?: string
}

/** What is told of a token; times are ISO 8601, days `2026-11-21`. */
const lineOf = ({ name, scope, names, createdAt, expiresAt, lastUsedDay }: Token) => ({
  ...{ name, scope, names },
  created: new Date(createdAt).toISOString(),
  expires: expiresAt === null ? null : new Date(expiresAt).toISOString(),
  lastUsed: lastUsedDay === null ? null : dayTextOf(lastUsedDay),
})

export async function listTokens({ tokens }: TokenHome): Promise<object[]> {
  const now = Date.now()
  return tokens.list().map(token => ({
    ...lineOf(token),
    state: token.expiresAt !== null && token.expiresAt <= now ? 'expired' : 'active',
  }))
}

/** Makes a token: the one answer that has its text. @throws NodeError E_USAGE, E_NAME_TAKEN */
export async function createToken({ tokens, audit }: TokenHome, request: TokenRequest, who: string): Promise<object> {
  const { name, scope, expires } = request
  const now = Date.now()
  for (const pattern of request.names) requireMatchable(pattern)
  const names = request.names.length === 0 ? null : parsePatterns(request.names)
  const expiresAt = expires === undefined ? null : now + lifeMsOf(expires)
  const { text, token } = await tokens.create({ name, scope, names, expiresAt })
  const until = expiresAt === null ? null : new Date(expiresAt).toISOString()
  await audit.append({ at: now, who, what: 'token.create', name, scope, names, expires: until })
  return { token: text, ...lineOf(token) }
}

/** Ends a token at once. @throws NodeError E_NOT_FOUND */
export async function revokeToken({ tokens, audit }: TokenHome, name: string, who: string): Promise<object> {
  const token = await tokens.revoke(name)
  await audit.append({ at: Date.now(), who, what: 'token.revoke', name, scope: token.scope })
  return { ...lineOf(token), state: 'revoked' }
}
