import { z } from 'zod'
import { MAX_WANTED_COPIES, MIN_WANTED_COPIES } from '../../protocol/index.ts'
import { ADVISORY_ROUTES } from './advisory-routes.ts'
import { type ApiRoute, flag, none, purl, route, text } from './api-route.ts'
import { AUDIENCE_ROUTES } from './audience-routes.ts'
import { CACHE_ROUTES } from './cache-routes.ts'
import { POLICY_ROUTES } from './policy-routes.ts'
import { SEARCH_ROUTES } from './search-routes.ts'
import { TOKEN_ROUTES } from './token-routes.ts'

export type { ApiRoute } from './api-route.ts'

const publishQuery = z.strictObject({
  name: text(255),
  public: flag,
  /** The local name of the audience that it is for. */
  to: text(32).optional(),
  purl: purl.optional(),
  dryRun: flag,
  /** When it was published first, somewhere else: ms since 1970, claimed and shown. */
  at: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
})
const publishInit = { query: publishQuery, binary: true, scope: 'publish' } as const
const takeOverBody = z.strictObject({
  name: text(214),
  tags: z.record(text(128), text(256)).default({}),
  deprecated: z.record(text(256), z.string().max(4_096)).default({}),
})
const relationBody = z.strictObject({
  action: z.enum(['follow', 'unfollow', 'allow', 'disallow', 'mirror', 'unmirror', 'block']),
  publisher: text(256),
  patterns: z.array(text(256)).max(64).default([]),
  as: text(64).optional(),
  copies: z.union([z.literal('all'), z.int().min(MIN_WANTED_COPIES).max(MAX_WANTED_COPIES)]).optional(),
  for: z.enum(['install', 'origin', 'advisory']).optional(),
})

/** Every route under /api. */
export const API_ROUTES: readonly ApiRoute[] = [
  route('GET', '/api/status', 'State of this node', {}, (s, { isAdmin }) => s.status({ isAdmin })),
  route('POST', '/api/publish', 'Publish an artifact', publishInit, (s, { query, stream, permitPublish }) =>
    s.publish(
      {
        permit: permitPublish,
        name: query.name,
        public: query.public,
        dryRun: query.dryRun,
        ...(query.purl ? { purl: query.purl } : {}),
        ...(query.to === undefined ? {} : { audience: query.to }),
        ...(query.at === undefined ? {} : { claimedMs: query.at }),
      },
      stream,
    ),
  ),
  ...SEARCH_ROUTES,
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
    (s, { body, signal, who }) =>
      s.install({ purl: body.purl, who, ...(body.publisher ? { publisher: body.publisher } : {}) }, signal),
  ),
  route(
    'GET',
    '/api/artifacts/:sha256',
    'The exact bytes of an artifact held here',
    { params: z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/) }), scope: 'admin', answer: 'bytes' },
    (s, { params }) => s.openArtifact(params.sha256),
  ),
  route('POST', '/api/relations', 'Follow, allow, mirror or block', { body: relationBody }, (s, { body, who }) =>
    s.changeRelation(
      {
        action: body.action,
        publisher: body.publisher,
        patterns: body.patterns,
        ...(body.as ? { as: body.as } : {}),
        ...(body.copies ? { copies: body.copies } : {}),
        ...(body.for ? { for: body.for } : {}),
      },
      who,
    ),
  ),
  route('GET', '/api/publishers', 'Publishers known here', {}, s => s.publishers()),
  route(
    'GET',
    '/api/federation',
    'Who mirrors what, and the copies of each package',
    { query: z.strictObject({ publisher: text(256).optional() }) },
    (s, { query }) => s.federation(query.publisher),
  ),
  route('GET', '/api/transfers', 'Artifacts that peers are sending now', { scope: 'admin' }, s => s.transfers()),
  route('GET', '/api/peers', 'Connected and pinned peers', {}, s => s.peers()),
  route(
    'POST',
    '/api/peers',
    'Pin a peer and dial it',
    { body: z.strictObject({ multiaddr: text(512) }) },
    (s, { body, who }) => s.addPeer(body.multiaddr, who),
  ),
  route(
    'DELETE',
    '/api/peers/:peer',
    'Unpin a peer',
    { params: z.strictObject({ peer: text(128) }) },
    (s, { params, who }) => s.removePeer(params.peer, who),
  ),
  route('GET', '/api/routes', 'The routes, in order', {}, s => s.routes()),
  route(
    'POST',
    '/api/routes',
    'Add a route',
    {
      body: z.strictObject({
        match: text(256),
        to: text(256),
        /** How npm clients' publishes of such names are released where the package itself does not say. */
        publish: z.enum(['public', 'private']).optional(),
      }),
    },
    (s, { body: { match, to, publish }, who }) =>
      s.addRoute({ match, to, ...(publish === undefined ? {} : { publish }) }, who),
  ),
  route(
    'DELETE',
    '/api/routes',
    'Remove a route',
    { query: z.strictObject({ match: text(256) }) },
    (s, { query, who }) => s.removeRoute(query.match, who),
  ),
  route(
    'GET',
    '/api/packages',
    'Packages that this node itself released, and their versions',
    { query: z.strictObject({ type: z.string().regex(/^[a-z][a-z0-9.-]{0,31}$/) }), scope: 'admin' },
    (s, { query }) => s.ownPackages(query.type),
  ),
  route(
    'POST',
    '/api/packages/npm',
    'Give an own npm package the tags and deprecations it had at another registry',
    { body: takeOverBody },
    (s, { body }) => s.takeOver(body),
  ),
  route('GET', '/api/clients/npm', 'What a project’s npm client is told', {}, s => s.clientSettings()),
  route('GET', '/api/config', 'Settings, and where each came from', { scope: 'admin' }, s => s.config()),
  route('GET', '/api/keys', 'Public keys of this publisher', {}, s => s.keys()),
  route('POST', '/api/keys/export', 'Export the recovery key', { body: none }, (s, { who }) => s.exportKeys(who)),
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
    async (s, { body, who }) => ({ stream: await s.backup(body.passphrase, who) }),
  ),
  ...AUDIENCE_ROUTES,
  ...ADVISORY_ROUTES,
  ...CACHE_ROUTES,
  ...POLICY_ROUTES,
  ...TOKEN_ROUTES,
]
