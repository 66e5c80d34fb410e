import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { NodeServices } from './services.ts'

/** What a handler gets: everything parsed by the route's own schemas. */
export interface ApiRequest<Q, B, P> {
  readonly query: Q
  readonly body: B
  readonly params: P
  readonly stream: Readable
  readonly signal: AbortSignal
}

/** One route of the API: its schemas check the request and make the OpenAPI document. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly summary: string
  /** Whether the node's token is needed. */
  readonly guarded: boolean
  readonly query: z.ZodType
  readonly body: z.ZodType | null
  readonly params: z.ZodType
  /** The body is a byte stream, handed on unread. */
  readonly binary: boolean
  readonly answer: 'json' | 'bytes'
  handle(services: NodeServices, request: ApiRequest<unknown, unknown, unknown>): Promise<unknown>
}

const none = z.strictObject({})
const flag = z
  .enum(['0', '1', 'true', 'false'])
  .default('0')
  .transform(value => value === '1' || value === 'true')
const text = (max: number) => z.string().min(1).max(max)
const purl = text(512)

interface RouteInit<Q extends z.ZodType, B extends z.ZodType, P extends z.ZodType> {
  readonly query?: Q
  readonly body?: B
  readonly params?: P
  readonly guarded?: boolean
  readonly binary?: boolean
  readonly answer?: 'json' | 'bytes'
}

function route<Q extends z.ZodType = typeof none, B extends z.ZodType = typeof none, P extends z.ZodType = typeof none>(
  method: ApiRoute['method'],
  path: string,
  summary: string,
  init: RouteInit<Q, B, P>,
  handle: (services: NodeServices, request: ApiRequest<z.output<Q>, z.output<B>, z.output<P>>) => Promise<unknown>,
): ApiRoute {
  return {
    method,
    path,
    summary,
    guarded: init.guarded ?? method !== 'GET',
    query: init.query ?? none,
    body: init.body ?? null,
    params: init.params ?? none,
    binary: init.binary ?? false,
    answer: init.answer ?? 'json',
    handle: handle as ApiRoute['handle'],
  }
}

const searchQuery = z.strictObject({
  q: z.string().max(5_000).default(''),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  local: flag,
  type: text(32).optional(),
  publisher: text(256).optional(),
})
const publishQuery = z.strictObject({
  name: text(255),
  public: flag,
  purl: purl.optional(),
  dryRun: flag,
})
const relationBody = z.strictObject({
  action: z.enum(['follow', 'unfollow', 'allow', 'disallow', 'mirror', 'unmirror', 'block']),
  publisher: text(256),
  patterns: z.array(text(256)).max(64).default([]),
  as: text(64).optional(),
  for: z.literal('install').optional(),
})

/** Every route under /api. */
export const API_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/status', 'State of this node', {}, s => s.status()),
  route('POST', '/api/publish', 'Publish an artifact', { query: publishQuery, binary: true }, (s, { query, stream }) =>
    s.publish(
      { name: query.name, public: query.public, dryRun: query.dryRun, ...(query.purl ? { purl: query.purl } : {}) },
      stream,
    ),
  ),
  route('GET', '/api/search', 'Search this node, then its peers', { query: searchQuery }, (s, { query }) =>
    s.search({
      text: query.q,
      limit: query.limit,
      local: query.local,
      ...(query.type ? { type: query.type } : {}),
      ...(query.publisher ? { publisher: query.publisher } : {}),
    }),
  ),
  route('GET', '/api/info', 'A package and who publishes it', { query: z.strictObject({ purl }) }, (s, { query }) =>
    s.info(query.purl),
  ),
  route('GET', '/api/why', 'The verdict on a package, explained', { query: z.strictObject({ purl }) }, (s, { query }) =>
    s.why(query.purl),
  ),
  route(
    'POST',
    '/api/install',
    'Resolve a package and bring its artifact here',
    { body: z.strictObject({ purl, publisher: text(256).optional() }) },
    (s, { body, signal }) =>
      s.install({ purl: body.purl, ...(body.publisher ? { publisher: body.publisher } : {}) }, signal),
  ),
  route(
    'GET',
    '/api/artifacts/:sha256',
    'The exact bytes of an artifact held here',
    { params: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }), guarded: true, answer: 'bytes' },
    (s, { params }) => s.openArtifact(params.sha256),
  ),
  route('POST', '/api/relations', 'Follow, allow, mirror or block', { body: relationBody }, (s, { body }) =>
    s.changeRelation({
      action: body.action,
      publisher: body.publisher,
      patterns: body.patterns,
      ...(body.as ? { as: body.as } : {}),
    }),
  ),
  route('GET', '/api/publishers', 'Publishers known here', {}, s => s.publishers()),
  route('GET', '/api/peers', 'Connected and pinned peers', {}, s => s.peers()),
  route(
    'POST',
    '/api/peers',
    'Pin a peer and dial it',
    { body: z.strictObject({ multiaddr: text(512) }) },
    (s, { body }) => s.addPeer(body.multiaddr),
  ),
  route(
    'DELETE',
    '/api/peers/:peer',
    'Unpin a peer',
    { params: z.strictObject({ peer: text(128) }) },
    (s, { params }) => s.removePeer(params.peer),
  ),
  route('GET', '/api/routes', 'The routes, in order', {}, s => s.routes()),
  route(
    'POST',
    '/api/routes',
    'Add a route',
    { body: z.strictObject({ match: text(256), to: text(256) }) },
    (s, { body }) => s.addRoute(body),
  ),
  route('DELETE', '/api/routes', 'Remove a route', { query: z.strictObject({ match: text(256) }) }, (s, { query }) =>
    s.removeRoute(query.match),
  ),
  route('GET', '/api/config', 'Settings, and where each came from', { guarded: true }, s => s.config()),
  route('GET', '/api/keys', 'Public keys of this publisher', {}, s => s.keys()),
  route('POST', '/api/keys/export', 'Export the recovery key', { body: none }, s => s.exportKeys()),
  route(
    'POST',
    '/api/doctor',
    'Check every record and artifact',
    { body: z.strictObject({ repair: z.boolean().default(false) }) },
    (s, { body }) => s.doctor(body.repair),
  ),
  route(
    'POST',
    '/api/backup',
    'A consistent backup',
    { body: z.strictObject({ passphrase: text(1024).optional() }), answer: 'bytes' },
    async (s, { body }) => ({ stream: await s.backup(body.passphrase) }),
  ),
]
