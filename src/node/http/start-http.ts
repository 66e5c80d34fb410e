import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import fastify, { type FastifyInstance, type FastifyPluginAsync, type FastifyReply, type FastifyRequest } from 'fastify'
import { NodeError } from '../errors.ts'
import { abortSignalOf } from './abort-signal.ts'
import { API_ROUTES, type ApiRoute } from './api-routes.ts'
import { codedErrorOf } from './coded-error.ts'
import { statusOf } from './error-status.ts'
import { isHostAllowed } from './host-guard.ts'
import { type HttpGuard, httpGuardOf } from './http-guard.ts'
import { openApiOf } from './openapi.ts'
import type { NodeServices } from './services.ts'

/** A JSON body beyond this is no request of ours; bytes. */
const MAX_JSON_BYTES = 256 * 1024
/** A client that sends nothing for so long is gone; ms. */
const REQUEST_TIMEOUT_MS = 120_000

/** Where the HTTP server listens and what it asks of a writer. */
export interface HttpOptions {
  readonly host: string
  readonly port: number
  readonly publicUrl: string | null
  readonly token: string
  readonly version: string
  /** Nobody chose the port: another node of this machine may have it, then any free one does. */
  readonly mayMove?: boolean
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

async function answer(
  route: ApiRoute,
  services: NodeServices,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const result = await route.handle(services, {
    query: route.query.parse(request.query),
    body: route.body === null ? {} : route.body.parse(request.body),
    params: route.params.parse(request.params),
    stream: request.body as Readable,
    signal: abortSignalOf(request, reply),
  })
  if (route.answer === 'json') return reply.send(result)
  const { stream, size } = result as { stream: Readable; size?: number }
  reply.header('content-type', 'application/octet-stream')
  if (size !== undefined) reply.header('content-length', size)
  return reply.send(stream)
}

function unauthorised(isGiven: boolean): NodeError {
  const what = isGiven ? 'the token given is not this node’s' : 'this needs the node’s token'
  return new NodeError('E_UNAUTHORISED', what, {
    hint: 'pass --token T: run.json in the node’s home has it, and each start makes a new one; on that machine, its user needs none',
  })
}

function mountApi(server: FastifyInstance, services: NodeServices, guard: HttpGuard): void {
  for (const route of API_ROUTES) {
    server.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => answer(route, services, request, reply),
      onRequest: async request => {
        if (!(route.guarded ? guard.mayWrite(request) : guard.mayRead(request))) {
          throw unauthorised(request.headers.authorization !== undefined)
        }
      },
    })
  }
}

function mountHealth(server: FastifyInstance, services: NodeServices, options: HttpOptions): void {
  server.get('/livez', async () => ({ live: true }))
  server.get('/readyz', async (_request, reply) => {
    const health = await services.health()
    return reply.status(health.ready ? 200 : 503).send(health)
  })
  server.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await services.metrics()
    return reply.header('content-type', contentType).send(body)
  })
  const document = openApiOf(API_ROUTES, options.version)
  server.get('/openapi.json', async () => document)
}

/** Starts the HTTP server; `log` hears of faults only. */
export async function startHttp(
  options: HttpOptions,
  services: NodeServices,
  log: (message: string, cause: unknown) => void,
  fronts: readonly Front[] = [],
): Promise<RunningHttp> {
  const server = fastify({
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
    if (!isHostAllowed(request.headers.host, options.host, options.publicUrl)) {
      throw new NodeError('E_FORBIDDEN_HOST', 'this node does not answer to that Host')
    }
  })
  server.setErrorHandler((error, request, reply) => {
    // What is left of a refused upload is read and dropped: left unread, it would stop every later request of its connection.
    request.raw.resume()
    const coded = codedErrorOf(error)
    if (coded.code === 'E_INTERNAL') log(`${request.method} ${request.url} failed`, error)
    return reply.status(coded.code === 'E_INTERNAL' ? 500 : statusOf(coded.code)).send({ error: coded })
  })
  server.setNotFoundHandler((request, reply) =>
    reply.status(404).send({
      error: {
        code: 'E_NOT_FOUND',
        message: `nothing at ${request.method} ${request.url.slice(0, 200)}`,
        hint: 'an address of a node has no path but what /openapi.json lists',
      },
    }),
  )
  const guard = httpGuardOf(options)
  mountApi(server, services, guard)
  mountHealth(server, services, options)
  for (const { prefix, mount } of fronts) await server.register(mount(guard), { prefix })
  const url = await listen(server, options, log)
  return { url, [Symbol.asyncDispose]: () => server.close() }
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

/** What is not HTTP, or has larger headers than Node takes, gets a coded answer and no second chance. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const isHuge = error.code === 'HPE_HEADER_OVERFLOW'
  const body = JSON.stringify({
    error: isHuge
      ? { code: 'E_TOO_LARGE', message: 'the headers are larger than this node takes' }
      : { code: 'E_USAGE', message: 'not an HTTP request' },
  })
  const status = isHuge ? '431 Request Header Fields Too Large' : '400 Bad Request'
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
}
