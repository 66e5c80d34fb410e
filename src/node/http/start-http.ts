import { Readable } from 'node:stream'
import fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyReply, type FastifyRequest } from 'fastify'
import { NodeError } from '../errors.ts'
import { abortSignalOf } from './abort-signal.ts'
import { API_ROUTES, type ApiRoute } from './api-routes.ts'
import { codedErrorOf } from './coded-error.ts'
import { statusOf } from './error-status.ts'
import { isOfForeignPage, isOpenedPage } from './foreign-page.ts'
import { isHostAllowed } from './host-guard.ts'
import { type GuardedServer, HttpGuard } from './http-guard.ts'
import { openApiOf } from './openapi.ts'
import { PAGE_PREFIX, whyPages } from './pages/index.ts'
import { publicBytesRoutes } from './public-bytes-routes.ts'
import { refuseConnection } from './refuse-connection.ts'
import { dropRest } from './rest-of-body.ts'
import type { NodeServices } from './services.ts'

/** A JSON body beyond this is no request of ours; bytes. */
const MAX_JSON_BYTES = 256 * 1024
/** A client that sends nothing for so long is gone; ms. */
const REQUEST_TIMEOUT_MS = 120_000

/** Where the HTTP server listens and whom it lets do what. */
export interface HttpOptions extends GuardedServer {
  readonly port: number
  readonly version: string
  /** Nobody chose the port: another node of this machine may have it, then any free one does. */
  readonly mayMove?: boolean
  /** Whoever reaches the server may have public bytes, without a token. */
  readonly publicBytes?: boolean
}

/** A registry protocol under a path of its own, with its own way to answer errors. */
export interface Front {
  readonly prefix: string
  readonly mount: (guard: HttpGuard) => FastifyPluginAsync
}

/** A listening HTTP server. */
export interface RunningHttp extends AsyncDisposable {
  readonly url: string
}

interface Answering {
  readonly services: NodeServices
  readonly guard: HttpGuard
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

async function answer(route: ApiRoute, { services, guard, request, reply }: Answering): Promise<unknown> {
  const result = await route.handle(services, {
    who: guard.whoOf(request),
    isAdmin: guard.askerOf(request)?.scope === 'admin',
    names: guard.namesOf(request),
    permitPublish: name => guard.requirePublish(name, request),
    query: route.query.parse(request.query),
    body: route.body === null ? {} : route.body.parse(request.body),
    params: route.params.parse(request.params),
    stream: route.binary ? streamOf(request.body) : Readable.from([]),
    signal: abortSignalOf(request, reply),
  })
  if (route.answer === 'json') return reply.send(result)
  const { stream, size } = result as { stream: Readable; size?: number }
  reply.header('content-type', 'application/octet-stream')
  if (size !== undefined) reply.header('content-length', size)
  return reply.send(stream)
}

/** @throws NodeError E_USAGE for a body that was read as something else, or none */
function streamOf(body: unknown): Readable {
  if (body instanceof Readable) return body
  throw new NodeError('E_USAGE', 'send the bytes as application/octet-stream')
}

function mountApi(server: FastifyInstance, services: NodeServices, guard: HttpGuard): void {
  for (const route of API_ROUTES) {
    server.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => answer(route, { services, guard, request, reply }),
      onRequest: async request => guard.require(route.scope, request),
    })
  }
}

function mountHealth(server: FastifyInstance, services: NodeServices, guard: HttpGuard, version: string): void {
  server.get('/livez', async () => ({ live: true }))
  server.get('/readyz', async (_request, reply) => {
    const health = await services.health()
    return reply.status(health.ready ? 200 : 503).send(health)
  })
  server.get('/metrics', { onRequest: async request => guard.require('read', request) }, async (_request, reply) => {
    const { contentType, body } = await services.metrics()
    return reply.header('content-type', contentType).send(body)
  })
  const document = openApiOf(API_ROUTES, version)
  server.get('/openapi.json', async () => document)
}

/** Starts the HTTP server; `log` hears of faults only. */
export async function startHttp(
  options: HttpOptions,
  services: NodeServices,
  log: (message: string, cause: unknown) => void,
  fronts: readonly Front[] = [],
): Promise<RunningHttp> {
  const guard = new HttpGuard(options)
  const server = fastify({
    trustProxy: guard.proxies.isEmpty ? false : address => guard.proxies.trusts(address),
    bodyLimit: MAX_JSON_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Before a route is found: a path that is no URL, a request that is no HTTP.
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      const coded = codedErrorOf(error)
      reply.status(statusOf(coded.code)).send({ error: coded })
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket),
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
  })
  // Artifacts are handed on as a stream; the use case bounds them.
  server.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload))
  server.addHook('onRequest', async request => {
    requireAllowedHost(request, options)
    requireOwnPage(request)
    if (request.headers.authorization !== undefined) guard.requireConfidential(request)
  })
  server.setErrorHandler((error, request, reply) => {
    // What is left of a refused upload is read and dropped: left unread, it would stop every later request of its connection.
    dropRest(request.raw)
    const coded = codedErrorOf(error)
    if (coded.code === 'E_INTERNAL') log(`${request.method} ${request.url} failed`, error)
    return reply.status(coded.code === 'E_INTERNAL' ? 500 : statusOf(coded.code)).send({ error: coded })
  })
  server.setNotFoundHandler((request, reply) =>
    reply.status(404).send({
      error: {
        code: 'E_NOT_FOUND',
        message: `nothing at ${request.method} ${request.url.slice(0, 200)}`,
        hint: 'the API is listed in /openapi.json; the registry of npm clients is /npm/',
      },
    }),
  )
  mountApi(server, services, guard)
  mountHealth(server, services, guard, options.version)
  await server.register(publicBytesRoutes({ bytes: services.publicBytes, guard, isOpen: options.publicBytes === true }))
  await server.register(whyPages({ services, guard, log }))
  for (const { prefix, mount } of fronts) await server.register(mount(guard), { prefix })
  const url = await listen(server, options, log)
  return { url, [Symbol.asyncDispose]: () => server.close() }
}

/** A page whose name leads here can add headers of proxies, also where a proxy of this machine is trusted: its Host is its own. */
function requireAllowedHost({ host, headers }: FastifyRequest, options: HttpOptions): void {
  const hosts = [host || undefined, headers.host]
  if (hosts.every(each => isHostAllowed(each, options.host, options.publicUrl))) return
  throw new NodeError('E_FORBIDDEN_HOST', 'this node does not answer to that Host', {
    hint: 'behind a proxy: http.publicUrl in config.yaml is the address that clients see, and the Host it passes on',
  })
}

/** What pages of other sites may do is open a page for a person. */
function requireOwnPage(request: FastifyRequest): void {
  if (!isOfForeignPage(request)) return
  if (isOpenedPage(request) && request.url.startsWith(PAGE_PREFIX)) return
  throw new NodeError('E_FORBIDDEN', 'this node does not answer to what a page of another site asks', {
    hint: 'open the address itself',
  })
}

async function listen(
  server: FastifyInstance,
  { host, port, mayMove = false }: HttpOptions,
  log: (message: string, cause: unknown) => void,
): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EADDRINUSE' && mayMove) {
      log(`port ${port} is taken; the API takes a free one (http.port in config.yaml fixes it)`, undefined)
      return await server.listen({ host, port: 0 })
    }
    throw new NodeError('E_LISTEN', `the API cannot listen at ${host}:${port}`, {
      cause,
      hint:
        code === 'EADDRINUSE' ? 'hanse start --http 127.0.0.1:0 takes any free port' : 'hanse start --http HOST:PORT',
    })
  }
}
