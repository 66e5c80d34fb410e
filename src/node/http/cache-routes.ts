import { z } from 'zod'
import { type ApiRoute, purl, route, text } from './api-route.ts'

const name = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9 and -, a letter first')
const path = text(4096)
const upstreamBody = z.strictObject({
  name,
  url: text(2048),
  tokenFile: path.optional(),
  username: text(256).optional(),
  passwordFile: path.optional(),
  caFile: path.optional(),
  proxy: text(2048).optional(),
  trustTime: z.boolean().optional(),
})
const pruneBody = z.strictObject({
  olderThan: text(32).optional(),
  to: text(32).optional(),
  dryRun: z.boolean().default(false),
})
const named = z.strictObject({ name })
const admin = { scope: 'admin' } as const

/** An object without its members that are undefined. */
function given<T extends object>(value: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never
}

/** Routes about upstreams, what is cached of them, and what is purged. */
export const CACHE_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/upstreams', 'Registries that routes may name', admin, s => s.upstreams.list()),
  route('POST', '/api/upstreams', 'Add a registry', { body: upstreamBody }, (s, { body, who }) =>
    s.upstreams.add(given(body), who),
  ),
  route('DELETE', '/api/upstreams/:name', 'Remove a registry', { params: named }, (s, { params, who }) =>
    s.upstreams.remove(params.name, who),
  ),
  route('GET', '/api/cache', 'What is kept of upstreams', admin, s => s.cache.stats()),
  route('POST', '/api/cache/prune', 'Let go of upstream bytes', { body: pruneBody }, (s, { body, who }) =>
    s.cache.prune(given(body), who),
  ),
  route('POST', '/api/cache/verify', 'Read all upstream bytes, drop altered ones', {}, (s, { signal }) =>
    s.cache.verify(signal),
  ),
  route('GET', '/api/cache/pins', 'Versions that stay cached', admin, s => s.cache.pins()),
  route('POST', '/api/cache/pins', 'Keep a version', { body: z.strictObject({ purl }) }, (s, { body, who, signal }) =>
    s.cache.pin(body.purl, who, signal),
  ),
  route('DELETE', '/api/cache/pins', 'Let a version go', { query: z.strictObject({ purl }) }, (s, { query, who }) =>
    s.cache.unpin(query.purl, who),
  ),
  route('GET', '/api/purges', 'What was removed for legal reasons', admin, s => s.purges.list()),
  route(
    'POST',
    '/api/purges',
    'Remove bytes for legal reasons, for good',
    { body: z.strictObject({ what: purl, legal: text(120) }) },
    (s, { body, who }) => s.purges.purge(body.what, body.legal, who),
  ),
  route('DELETE', '/api/purges', 'Take a purge back', { query: z.strictObject({ what: purl }) }, (s, { query, who }) =>
    s.purges.undo(query.what, who),
  ),
]
