import { z } from 'zod'
import { MAX_NAME_PATTERNS, SCOPES } from '../tokens/index.ts'
import { type ApiRoute, route, text } from './api-route.ts'

const name = text(64)
const tokenBody = z.strictObject({
  name,
  scope: z.enum(SCOPES),
  names: z.array(text(256)).max(MAX_NAME_PATTERNS).default([]),
  expires: text(16).optional(),
})

/** Routes about tokens, and about what was withheld from whoever has one. */
export const TOKEN_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/tokens', 'Tokens of this node', { scope: 'admin' }, s => s.tokens.list()),
  route('POST', '/api/tokens', 'Make a token', { body: tokenBody }, (s, { body: { expires, ...wanted }, who }) =>
    s.tokens.create({ ...wanted, ...(expires === undefined ? {} : { expires }) }, who),
  ),
  route('DELETE', '/api/tokens/:name', 'Revoke a token', { params: z.strictObject({ name }) }, (s, { params, who }) =>
    s.tokens.revoke(params.name, who),
  ),
  route('GET', '/api/why/last', 'What was withheld from who asks in the last minutes', {}, async (s, { names }) =>
    s.lastWithheld(names),
  ),
  route('GET', '/api/why/last/all', 'The same of everybody', { scope: 'admin' }, async s => s.lastWithheld(null)),
]
