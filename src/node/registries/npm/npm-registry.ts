import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { NodeError } from '../../errors.ts'
import { abortSignalOf } from '../../http/abort-signal.ts'
import { codedErrorOf } from '../../http/coded-error.ts'
import type { HttpGuard } from '../../http/http-guard.ts'
import type { NodeContext } from '../../node-context.ts'
import { BodyFiles } from './body-files.ts'
import { fixedAnswerOf } from './fixed-answer.ts'
import { jsonAnswer, type NpmAnswer, refusalAnswer } from './npm-answer.ts'
import { standingPolicy } from './npm-judge.ts'
import { type NpmOperation, npmOperationOf } from './npm-operation.ts'
import type { NpmSource } from './npm-source.ts'
import { PackumentBodies } from './packument-bodies.ts'
import { ReadOperations } from './read-operations.ts'
import { RegistryRouter } from './registry-router.ts'
import { searchNpm } from './search-answer.ts'
import { login } from './session.ts'
import { SHORT_MEDIA_TYPE } from './short-packument.ts'
import { deleteTag, publishNpm, putTag } from './write-operations.ts'

/** Where clients find this front below the node's address. */
export const NPM_PREFIX = '/npm'

export interface NpmRegistryParts {
  readonly node: NodeContext
  readonly guard: HttpGuard
  /** Registries that routes name `upstream/NAME`. */
  readonly upstreams: ReadonlyMap<string, NpmSource>
  readonly publicUrl: string | null
  readonly log: (message: string, cause: unknown) => void
}

/** What needs the node's token; everything else is reading. */
const WRITES: ReadonlySet<NpmOperation['is']> = new Set(['publish', 'unpublish', 'set-tag', 'remove-tag', 'whoami'])
/** What works without a token wherever reading needs one: it is how a client gets a token. */
const OPEN: ReadonlySet<NpmOperation['is']> = new Set(['ping', 'login', 'web-login', 'malformed', 'nothing'])

/** npm's registry protocol over what this node knows: mount it under `NPM_PREFIX`. */
export function npmRegistry(parts: NpmRegistryParts): FastifyPluginAsync {
  const front = new NpmFront(parts)
  return async server => {
    // Bodies are read by the operation that wants them: a tarball is never held.
    server.removeAllContentTypeParsers()
    server.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    server.setErrorHandler((error, request, reply) => {
      // As the server's own handler does: an unread rest of a body would stop every later request of its connection.
      request.raw.resume()
      const coded = codedErrorOf(error)
      if (coded.code === 'E_INTERNAL') parts.log(`${request.method} ${request.url} failed`, error)
      return send(reply, refusalAnswer(coded))
    })
    server.route({
      // Named, so that fastify adds no HEAD of its own, which would set the length to 0.
      method: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
      url: '/*',
      handler: async (request, reply) => send(reply, await front.answer(request, reply)),
    })
  }
}

function send(reply: FastifyReply, { status, headers, body, reason }: NpmAnswer): FastifyReply {
  if (reason !== undefined) reply.raw.statusMessage = reason
  return reply
    .status(status)
    .headers(headers)
    .send(body ?? undefined)
}

class NpmFront {
  readonly #parts: NpmRegistryParts
  readonly #reads: ReadOperations
  readonly #router: RegistryRouter

  constructor(parts: NpmRegistryParts) {
    const { node, upstreams } = parts
    this.#parts = parts
    this.#router = new RegistryRouter(node, upstreams)
    this.#reads = new ReadOperations({
      router: this.#router,
      library: node.library,
      bodies: new PackumentBodies(new BodyFiles(join(node.paths.home, 'bodies', 'npm'), node.version)),
      policy: standingPolicy,
      now: Date.now,
      pin: async ({ package: name, route }) => {
        if (route.to === 'publisher' && route.pin) await node.relations.pin(name, route.publisher)
      },
    })
  }

  async answer(request: FastifyRequest, reply: FastifyReply): Promise<NpmAnswer> {
    const url = request.raw.url ?? ''
    // The router reads `%6e` as `n`; what is cut off below must be the prefix as it is written.
    if (!url.startsWith(`${NPM_PREFIX}/`)) throw new NodeError('E_USAGE', `the path must begin with ${NPM_PREFIX}/`)
    const [path = ''] = url.slice(NPM_PREFIX.length).split('?')
    const operation = npmOperationOf(request.method, path)
    this.#requirePermission(operation, request)
    const signal = abortSignalOf(request, reply)
    try {
      return await this.#perform(operation, request, signal)
    } catch (cause) {
      // What breaks because its client left is no fault of this node.
      throw signal.aborted ? new NodeError('E_ABORTED', 'the client went away', { cause }) : cause
    }
  }

  #requirePermission({ is }: NpmOperation, request: FastifyRequest): void {
    const { guard } = this.#parts
    const may = OPEN.has(is) || (WRITES.has(is) ? guard.mayWrite(request) : guard.mayRead(request))
    if (may) return
    throw new NodeError('E_UNAUTHORISED', 'this needs a token of the node', { hint: 'npm login' })
  }

  async #perform(operation: NpmOperation, request: FastifyRequest, signal: AbortSignal): Promise<NpmAnswer> {
    switch (operation.is) {
      case 'packument':
        return await this.#packument(operation.name, request, signal)
      case 'manifest':
        return await this.#reads.manifest(operation.name, operation.wanted, this.#baseOf(request), signal)
      case 'tarball':
        return await this.#reads.tarball(operation.name, operation.version, tarballRequestOf(request), signal)
      case 'tags':
        return await this.#reads.tags(operation.name, signal)
      case 'search':
        return await searchNpm(this.#parts.node, request.query)
      case 'whoami':
        return jsonAnswer({ username: this.#parts.node.writer.publisher })
      default:
        return (await this.#take(operation, request.body as Readable | undefined)) ?? fixedAnswerOf(operation)
    }
  }

  /** What brings something; null for all else. */
  async #take(operation: NpmOperation, body: Readable | undefined): Promise<NpmAnswer | null> {
    const { node, guard } = this.#parts
    switch (operation.is) {
      case 'publish':
        return await publishNpm(node, operation.name, requireBody(body))
      case 'set-tag':
        return await putTag(node, operation.name, operation.tag, requireBody(body))
      case 'remove-tag':
        return await deleteTag(node, operation.name, operation.tag)
      case 'login':
        return await login(requireBody(body), operation.user, guard.isToken)
      default:
        return null
    }
  }

  async #packument(name: string, request: FastifyRequest, signal: AbortSignal): Promise<NpmAnswer> {
    // `npm publish` looks first whether the version is taken: a name about to be private is nobody else's business.
    if (request.headers['npm-command'] === 'publish' && !this.#router.isOwn(name)) {
      throw new NodeError('E_NOT_FOUND', `this node has not released npm:${name}`)
    }
    const { accept = '', 'accept-encoding': encodings = '', 'if-none-match': ifNoneMatch } = request.headers
    return await this.#reads.packument(name, {
      form: accept.includes(SHORT_MEDIA_TYPE) ? 'short' : 'full',
      encoding: /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(String(encodings)) ? 'gzip' : 'identity',
      base: this.#baseOf(request),
      ifNoneMatch,
      signal,
    })
  }

  /** The address under which this client reached the node; behind a proxy the one that is configured. */
  #baseOf(request: FastifyRequest): string {
    const { publicUrl } = this.#parts
    if (publicUrl !== null) return `${publicUrl.replace(/\/+$/, '')}${NPM_PREFIX}`
    const { host = '' } = request.headers
    if (!/^[\w.:[\]-]{1,255}$/.test(host)) throw new NodeError('E_USAGE', 'the Host header is no host')
    return `http://${host}${NPM_PREFIX}`
  }
}

/** Without a tag of its bytes, `If-Range` can only mean all of them. */
function tarballRequestOf({ method, headers }: FastifyRequest) {
  const range = headers['if-range'] === undefined ? headers.range : undefined
  return { range, isHead: method === 'HEAD' }
}

function requireBody(body: Readable | undefined): Readable {
  if (body === undefined || body === null) throw new NodeError('E_USAGE', 'the request has no body')
  return body
}
